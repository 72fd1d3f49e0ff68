"""Look for secrets in what the repository holds: ``python -m infra.audit.secret_scan [FILE ...]``.

By detect-secrets' detectors, offline: nothing that is found is tried anywhere. What looks like a
secret and is none stands in ``allowlist.yaml``, by its hash and with the reason.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import yaml
from detect_secrets.core import scan
from detect_secrets.settings import transient_settings

ROOT = Path(__file__).parents[2]
KNOWN = Path(__file__).parent / "allowlist.yaml"

_MADE = re.compile(
    r"requirements(-dev)?\.txt$|package-lock\.json$|^docs/openapi\.json$"
    r"|^gpu_workers/(demo/models/|runtime/safety/exempt\.json)|\.(png|svg|safetensors|npz)$"
)
"""Hashes of packages, weights and pictures: they are made by programs, and full of chance."""

_DETECTORS = [
    {"name": name}
    for name in (
        "AWSKeyDetector",
        "AzureStorageKeyDetector",
        "BasicAuthDetector",
        "GitHubTokenDetector",
        "GitLabTokenDetector",
        "JwtTokenDetector",
        "KeywordDetector",
        "NpmDetector",
        "OpenAIDetector",
        "PrivateKeyDetector",
        "PypiTokenDetector",
        "SlackDetector",
        "StripeDetector",
    )
] + [
    {"name": "Base64HighEntropyString", "limit": 4.5},
    {"name": "HexHighEntropyString", "limit": 3.0},
]
_IGNORED = [
    {"path": f"detect_secrets.filters.heuristic.{name}"}
    for name in (
        "is_indirect_reference",
        "is_likely_id_string",
        "is_not_alphanumeric_string",
        "is_potential_uuid",
        "is_prefixed_with_dollar_sign",
        "is_sequential_string",
        "is_templated_secret",
    )
]


class Finding(NamedTuple):
    """What looks like a secret; the secret itself is told nowhere."""

    file: str
    line: int
    kind: str
    digest: str


def find(files: Iterable[str], root: Path = ROOT) -> list[Finding]:
    """What looks like a secret in the files."""
    settings = {"plugins_used": _DETECTORS, "filters_used": _IGNORED}
    with transient_settings(settings):
        return [
            Finding(file, one.line_number, one.type, one.secret_hash)
            for file in files
            if not _MADE.search(file) and (root / file).is_file()
            for one in scan.scan_file(str(root / file))
        ]


def known(path: Path = KNOWN) -> set[str]:
    """The hashes of what is no secret."""
    entries = yaml.safe_load(path.read_text())
    return {digest for entry in entries for digest in entry["hashes"]}


def main(arguments: Sequence[str]) -> int:
    """Tell what is found in the files, or in all that the repository holds."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = arguments or subprocess.check_output(listed, cwd=ROOT, text=True).split("\0")  # noqa: S603 - git, by its name
    passed = known()
    found = [finding for finding in find(files) if finding.digest not in passed]
    for finding in found:
        print(f"{finding.file}:{finding.line}: {finding.kind}, {finding.digest}")  # noqa: T201 - a command's answer
    if found:
        print(f"A secret? Take it out and change it; or say in {KNOWN.name} why it is none.")  # noqa: T201 - the same
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
