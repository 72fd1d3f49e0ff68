"""The secrets audit: it finds secrets, and no bundle or image contains one."""

import base64
import random
import re
from pathlib import Path

import jwt
import pytest
import yaml

from infra import bundle
from infra import manifest as the_map
from infra.audit import secret_scan
from shared.contracts.webhook_signature import new_key
from tests.unit.dockerfiles import copied, read

ROOT = Path(__file__).parents[2]
DOCKERFILES = [
    *ROOT.glob("functions/*/Dockerfile"),
    *ROOT.glob("infra/images/*/Dockerfile"),
]
CHANCE = random.Random(7)
HEX = CHANCE.randbytes(32).hex()
SECRETS = {
    "hexadecimal": f'url_token_secret = "{HEX}"',
    "base64": f'key = "{base64.b64encode(CHANCE.randbytes(32)).decode()}"',
    "a worker's key": f'WORKER_KEY="{new_key()}"',
    "a private key": "-----BEGIN {} KEY-----\nMIIEvQ".format("PRIVATE"),
    "a token": jwt.encode({"sub": "a", "role": "service_role"}, HEX, algorithm="HS256"),
    "an address": f"postgresql://functions:{HEX[:20]}@10.0.0.5/ourvidz",
    "a cloud's key": "AKIA" + "QWERTYUIOPASDFGH",
    "a password": f'password = "{HEX[:16]}x!"',
}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_secret_is_found_wherever_it_lies(kind: str, tmp_path: Path) -> None:
    for name in ("settings.py", "page.md", "values.yaml"):
        (tmp_path / name).write_text(f"before = 1\n{SECRETS[kind]}\n")
        assert {finding.line for finding in secret_scan.find([name], tmp_path)} == {2}, name


def test_ordinary_text_is_not_taken_for_one(tmp_path: Path) -> None:
    lines = [
        "id: 0d000000-0000-4000-8000-000000000001",
        "sentence: The address is signed for another object, and its secret is not ours.",
        "secret: ${URL_TOKEN_SECRET}",
        'password = os.environ["PASSWORD"]',
        "uses: actions/checkout@v7",
    ]
    (tmp_path / "page.yaml").write_text("\n".join(lines))
    assert secret_scan.find(["page.yaml"], tmp_path) == []


def test_whatever_is_passed_over_has_its_reason() -> None:
    for entry in yaml.safe_load(secret_scan.KNOWN.read_text()):
        assert entry.keys() == {"where", "reason", "hashes"}
        assert entry["reason"].endswith(".")
        assert all(re.fullmatch(r"[0-9a-f]{40}", digest) for digest in entry["hashes"])


@pytest.mark.parametrize(
    ("dockerfile", "worker"),
    [
        *((ROOT / "gpu_workers/Dockerfile", worker) for worker in ("chat", "sdxl", "wan")),
        *((dockerfile, "") for dockerfile in DOCKERFILES),
    ],
    ids=lambda value: value if isinstance(value, str) else value.parent.name,
)
def test_an_image_contains_no_secret(dockerfile: Path, worker: str) -> None:
    named = " ".join(line.rest for line in read(dockerfile) if line.name in {"ARG", "ENV"})
    assert not re.search(r"\w*(SECRET|PASSWORD|TOKEN|WORKER_KEY|API_KEY)\w*", named)
    for source in copied(dockerfile, worker):
        assert re.match(r"(requirements\.txt|shared|functions|gpu_workers|infra)\b", source), source
        assert (ROOT / source).exists()


def test_what_git_ignores_no_builder_is_sent() -> None:
    sent = (ROOT / ".dockerignore").read_text().split("\n")
    for line in (ROOT / ".gitignore").read_text().split():
        name = line.strip("/")
        kept_out = {name, f"**/{name}"} & set(sent)
        assert kept_out or name in {".import_linter_cache", "first-picture.png"}, line


@pytest.mark.parametrize("function", the_map.read().functions.values(), ids=lambda one: one.name)
def test_a_bundle_holds_no_hidden_file_and_no_key(function: the_map.Function) -> None:
    names = bundle.contents(function)
    assert [name for name in names if re.search(r"(^|/)\.|\.(pem|key|env|json)$", name)] == []
