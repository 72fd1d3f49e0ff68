"""W3C traceparent parsing, and the types of span attributes.

``tracestate`` and ``baggage`` are not passed on, since clients write them and they would be stored.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

SpanKind = Literal["internal", "server", "client", "producer", "consumer"]
Attributes = Mapping[str, str | int | float | bool]

_TRACEPARENT = re.compile(
    r"(?P<version>(?!ff)[0-9a-f]{2})-(?P<trace_id>(?!0{32})[0-9a-f]{32})"
    r"-(?P<span_id>(?!0{16})[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)
_SAMPLED = 1


@dataclass(frozen=True, slots=True)
class Traceparent:
    """A ``traceparent``: the ids of a trace and of one of its spans."""

    trace_id: str
    """32 hexadecimal digits."""
    span_id: str
    """16 hexadecimal digits."""
    is_sampled: bool
    """Whether the spans of the trace are recorded."""

    def __str__(self) -> str:
        """Return the value of the header."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.is_sampled):02x}"

    def unsampled(self) -> "Traceparent":
        """Return the same span, marked as not recorded."""
        return replace(self, is_sampled=False)


def parse(header: str | None) -> Traceparent | None:
    """Parse the value of a ``traceparent`` header; None if it is missing or malformed."""
    match = _TRACEPARENT.fullmatch(header or "")
    # Only versions after 00 may have further fields.
    if match is None or (match["version"] == "00" and match["more"]):
        return None
    is_sampled = bool(int(match["flags"], 16) & _SAMPLED)
    return Traceparent(match["trace_id"], match["span_id"], is_sampled)


def same_trace_or_signed(header: str | None, signed: str | None) -> str | None:
    """Return the header if it continues the trace of the signed message, else the signed value.

    Proxies between sender and receiver may replace the span in the header.
    """
    from_header, from_message = parse(header), parse(signed)
    if from_header and from_message and from_header.trace_id == from_message.trace_id:
        return str(from_header)
    return str(from_message) if from_message else None
