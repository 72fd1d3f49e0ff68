"""Readers of a file's provenance by independent code: c2pa, Pillow and Python's XML parser."""

import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock
from xml.etree import ElementTree as ET

import c2pa  # type: ignore[import-untyped]
from PIL import Image

from gpu_workers.runtime import settings
from gpu_workers.runtime.provenance.signing import signer
from tests.support.certificates import Chain

_DESCRIPTION = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
_SOURCE_TYPE = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"


class Manifest(NamedTuple):
    """A manifest as c2pa reads it."""

    state: str
    """Trusted, Valid (with an unknown root), or Invalid."""
    actions: list[dict[str, Any]]
    failures: list[str]


@contextmanager
def signing(chain: Chain, folder: Path) -> Iterator[None]:
    """Within the context, the workers' code signs with that chain."""
    certificates, key = folder / "chain.pem", folder / "key.pem"
    certificates.write_bytes(chain.certificates)
    key.write_bytes(chain.key)
    with signer_environment(C2PA_CERTIFICATES=str(certificates), C2PA_KEY=str(key)):
        yield


@contextmanager
def signer_environment(**environment: str) -> Iterator[None]:
    """Within the context, the workers' code uses these settings of its signer."""

    def forget() -> None:
        settings.provenance.cache_clear()
        signer.cache_clear()

    with mock.patch.dict(os.environ, environment):
        forget()
        yield
    forget()


def manifest(content: bytes, mime_type: str, chain: Chain) -> Manifest:
    """Read a file's manifest as a reader that trusts the chain's root."""
    trust = {"trust": {"trust_anchors": chain.root.decode()}}
    with (
        c2pa.Context.from_dict({**trust, "verify": {"verify_trust": True}}) as context,
        c2pa.Reader(mime_type, io.BytesIO(content), context=context) as reader,
    ):
        active = reader.get_active_manifest()
        results = json.loads(reader.detailed_json())["validation_results"]["activeManifest"]
        (actions,) = [
            assertion
            for assertion in active["assertions"]
            if assertion["label"] == "c2pa.actions.v2"
        ]
        failures = [one["code"] for one in results["failure"]]
        return Manifest(reader.get_validation_state(), actions["data"]["actions"], failures)


def picture(content: bytes) -> Image.Image:
    """The decoded image."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def source_type(packet: bytes) -> str | None:
    """The source type in an XMP packet, by Python's XML parser."""
    description = ET.fromstring(packet.decode()).find(f".//{_DESCRIPTION}")  # noqa: S314 - a trusted file
    return None if description is None else description.get(_SOURCE_TYPE)
