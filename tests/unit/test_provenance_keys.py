"""The provenance signing key: accepted formats; a wrong key keeps the worker from starting."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from PIL import Image

from gpu_workers.runtime.media import images
from gpu_workers.runtime.provenance import signing
from tests.support import certificates, provenance_reader
from tests.support.certificates import Key

SETTINGS: dict[str, Any] = {
    "prompt": "a red star",
    "negative_prompt": "",
    "steps": 3,
    "sampler": "Euler",
    "guidance_scale": 6.0,
    "seed": 7,
    "width": 8,
    "height": 8,
    "model": "base",
}


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["es384", "ed25519", "ps256"],
)
def test_other_keys_sign_as_well(key: Key, tmp_path: Path) -> None:
    chain = certificates.chain(key)
    with provenance_reader.signing(chain, tmp_path):
        signing.check_signer()
        content = images.png(Image.new("RGB", (8, 8)), SETTINGS)
    assert provenance_reader.manifest(content, "image/png", chain).state == "Trusted"


def refusal() -> str:
    with pytest.raises(SystemExit) as ended:
        signing.check_signer()
    return str(ended.value)


def test_a_signer_that_is_half_configured_ends_the_worker(tmp_path: Path) -> None:
    with provenance_reader.signer_environment(C2PA_KEY=str(tmp_path / "key.pem")):
        assert "C2PA_CERTIFICATES" in refusal()


def test_a_key_that_cannot_sign_ends_the_worker_and_is_not_logged(tmp_path: Path) -> None:
    good, other = certificates.chain(), certificates.chain()
    for broken in (
        good._replace(key=b"no key"),
        good._replace(key=other.key),
        good._replace(certificates=b"none"),
        certificates.chain(days=-1),
    ):
        with provenance_reader.signing(broken, tmp_path):
            message = refusal()
        assert message.startswith("The worker cannot start: ")
        assert "BEGIN" not in message
        assert str(tmp_path) not in message


def test_without_a_key_nothing_of_c2pa_is_loaded() -> None:
    program = (
        "import sys; from gpu_workers.runtime.provenance import signing as p; p.check_signer(); "
        "assert p.signed(b'x', 'image/png') == b'x'; assert 'c2pa' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={})
