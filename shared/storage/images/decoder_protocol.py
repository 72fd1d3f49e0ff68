"""Protocol between a server and its decoder, over the decoder's standard input and output."""

import struct

READY = b"ready\n"
"""The decoder can take requests."""

LENGTH = struct.Struct(">Q")
"""Before each request: the length of the file."""

RESPONSE = struct.Struct(">BQ")
"""Before each response: 1 for an error or else 0, and the length of the message or the PNG."""
