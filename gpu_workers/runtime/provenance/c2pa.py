"""C2PA signer over c2pa-python. Importing this module loads the native library."""

import io
import json
from typing import Any

import c2pa  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from PIL import Image

from gpu_workers.runtime.pipeline import RetryableError
from gpu_workers.runtime.provenance.hash_binding import bound
from gpu_workers.runtime.provenance.xmp import SOURCE_TYPE

_MAX_TRIES = 4
"""The binding holds the manifest's length and offset, which are known only once it is written."""

_CREATED = {
    "label": "c2pa.actions.v2",
    "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": SOURCE_TYPE}]},
    "created": True,
}
_GENERATOR = {"name": "OurVidz"}

_ALGORITHMS = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
"""The C2PA algorithm by the curve of the key."""


class C2paSigner:
    """Signs files with one key.

    Args:
        certificates: the PEM certificate chain, the signer's first.
        key: the PEM private key.

    Raises:
        ValueError: the key is invalid, needs a password, or C2PA does not support its type.
    """

    def __init__(self, certificates: bytes, key: bytes) -> None:
        algorithm = _algorithm(key)
        self._context = c2pa.Context.from_dict({"builder": {"thumbnail": {"enabled": False}}})
        try:
            signer_info = c2pa.C2paSignerInfo(
                alg=algorithm.encode(), sign_cert=certificates, private_key=key, ta_url=None
            )
            self._signer = c2pa.Signer.from_info(signer_info)
        except c2pa.C2paError as error:
            raise ValueError("the key cannot sign") from error

    def sign(self, content: bytes, mime_type: str) -> bytes:
        """Return the file with a C2PA manifest that covers all bytes but the settings.

        Raises:
            RetryableError: the file cannot be signed.
        """
        try:
            return self._sign(content, mime_type)
        except (c2pa.C2paError, ValueError):
            raise RetryableError("not_signed", "The result could not be signed.") from None

    def self_test(self) -> str | None:
        """Sign and verify a PNG of one pixel.

        Returns:
            The errors of the validation, or None if there are none; an unknown root certificate
            is no error.
        """
        file = io.BytesIO()
        Image.new("RGB", (1, 1)).save(file, "PNG")
        try:
            pixel = io.BytesIO(self._sign(file.getvalue(), "image/png"))
            with c2pa.Reader("image/png", pixel, context=self._context) as reader:
                if reader.get_validation_state() != "Invalid":
                    return None
                results = reader.get_validation_results()["activeManifest"]["failure"]
                return ", ".join(result["code"] for result in results)
        except (c2pa.C2paError, ValueError) as error:
            return type(error).__name__

    def _sign(self, content: bytes, mime_type: str) -> bytes:
        file, binding = b"", bound(content, mime_type)
        for _ in range(_MAX_TRIES):
            file = self._signed(content, mime_type, binding)
            used, binding = binding, bound(file, mime_type)
            if used == binding:
                return file
        raise ValueError("the manifest's length does not settle")

    def _signed(self, content: bytes, mime_type: str, binding: dict[str, Any]) -> bytes:
        definition = {"claim_generator_info": [_GENERATOR], "assertions": [_CREATED, binding]}
        target = io.BytesIO()
        with c2pa.Builder(json.dumps(definition), context=self._context) as builder:
            builder.sign(self._signer, mime_type, io.BytesIO(content), target)
        return target.getvalue()


def _algorithm(pem: bytes) -> str:
    """Return C2PA's name of the key's signature algorithm."""
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise ValueError("it is locked by a password") from None
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _ALGORITHMS:
        return _ALGORITHMS[key.curve.name]
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(key, rsa.RSAPrivateKey):
        return "ps256"
    raise ValueError("C2PA takes no key of this kind")
