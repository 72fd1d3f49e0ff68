"""Sign outputs with C2PA when a key is configured."""

import sys
from functools import cache
from typing import TYPE_CHECKING

from gpu_workers.runtime import settings

if TYPE_CHECKING:
    from gpu_workers.runtime.provenance.c2pa import C2paSigner


def signed(content: bytes, mime_type: str) -> bytes:
    """Return the file with its C2PA manifest; without a configured key, unchanged.

    Raises:
        RetryableError: the file cannot be signed.
    """
    c2pa_signer = signer()
    return c2pa_signer.sign(content, mime_type) if c2pa_signer else content


def check_signer() -> None:
    """Create and test the signer if one is configured; exit the process if it cannot sign."""
    c2pa_signer = signer()
    fault = c2pa_signer.self_test() if c2pa_signer else None
    if fault:
        sys.exit(f"The worker cannot start: it cannot sign with C2PA_KEY ({fault}).")


@cache
def signer() -> "C2paSigner | None":
    """Return the configured signer, or None; exit the process if the settings are invalid."""
    config = settings.provenance()
    if not config.c2pa_certificates and not config.c2pa_key:
        return None
    if not config.c2pa_certificates or not config.c2pa_key:
        sys.exit("The worker cannot start: set both C2PA_CERTIFICATES and C2PA_KEY, or neither.")
    # Imported only with a key: the library takes 23 MB.
    from gpu_workers.runtime.provenance.c2pa import C2paSigner  # noqa: PLC0415

    try:
        return C2paSigner(config.c2pa_certificates.read_bytes(), config.c2pa_key.read_bytes())
    except (OSError, ValueError) as error:
        sys.exit(f"The worker cannot start: C2PA_KEY is not usable ({type(error).__name__}).")
