"""Saying in each file that a model made it: by XMP always, signed by C2PA where a key is there."""

import sys
from functools import cache
from typing import TYPE_CHECKING

from gpu_workers.runtime import settings

if TYPE_CHECKING:
    from gpu_workers.runtime.provenance.c2pa import C2paSigner


def signed(content: bytes, mime_type: str) -> bytes:
    """The file with its manifest, where there is a key; else as it is.

    Raises:
        RetryableError: there is a key, and it does not sign.
    """
    own = signer()
    return own.sign(content, mime_type) if own else content


def check_signer() -> None:
    """Make the signer, where there is to be one; where it cannot sign, the process ends."""
    own = signer()
    fault = own.self_test() if own else None
    if fault:
        sys.exit(f"The worker cannot start: it cannot sign with C2PA_KEY ({fault}).")


@cache
def signer() -> "C2paSigner | None":
    """Who signs here, by the settings; where they are not usable, the process ends."""
    own = settings.provenance()
    if not own.c2pa_certificates and not own.c2pa_key:
        return None
    if not own.c2pa_certificates or not own.c2pa_key:
        sys.exit("The worker cannot start: set both C2PA_CERTIFICATES and C2PA_KEY, or neither.")
    # Imported where there is a key: its library is 23 MB that others do without.
    from gpu_workers.runtime.provenance.c2pa import C2paSigner  # noqa: PLC0415

    try:
        return C2paSigner(own.c2pa_certificates.read_bytes(), own.c2pa_key.read_bytes())
    except (OSError, ValueError) as error:
        sys.exit(f"The worker cannot start: C2PA_KEY is not usable ({type(error).__name__}).")
