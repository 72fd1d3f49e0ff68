"""Secret scanner for the repository: ``python -m infra.audit.secret_scan [FILE ...]``.

It uses detect-secrets' detectors offline: findings are not tried anywhere. False positives are
listed in ``allowlist.yaml``, by their hash and with the reason.
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

_GENERATED = re.compile(
    r"requirements(-dev)?\.txt$|package-lock\.json$|^docs/openapi\.json$"
    r"|^gpu_workers/(demo/models/|runtime/safety/exempt\.json)|\.(png|svg|safetensors|npz)$"
)
"""Generated files (hashes of packages, weights, pictures), whose contents look random."""

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
    """A possible secret; only its hash is stored."""

    file: str
    line: int
    kind: str
    digest: str


def find(files: Iterable[str], root: Path = ROOT) -> list[Finding]:
    """Return the possible secrets in files, whose paths are relative to ``root``."""
    settings = {"plugins_used": _DETECTORS, "filters_used": _IGNORED}
    with transient_settings(settings):
        return [
            Finding(file, secret.line_number, secret.type, secret.secret_hash)
            for file in files
            if not _GENERATED.search(file) and (root / file).is_file()
            for secret in scan.scan_file(str(root / file))
        ]


def known(path: Path = KNOWN) -> set[str]:
    """Return the hashes of the false positives."""
    entries = yaml.safe_load(path.read_text())
    return {digest for entry in entries for digest in entry["hashes"]}


def main(arguments: Sequence[str]) -> int:
    """Scan the given files, or all files of the repository; print the findings.

    Returns:
        The exit status: 1 if there is a finding.
    """
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = arguments or subprocess.check_output(listed, cwd=ROOT, text=True).split("\0")  # noqa: S603 - git, by its name
    allowed = known()
    findings = [finding for finding in find(files) if finding.digest not in allowed]
    for finding in findings:
        print(f"{finding.file}:{finding.line}: {finding.kind}, {finding.digest}")  # noqa: T201 - a command's output
    if findings:
        print(f"Possible secret. Remove and rotate it, or add it to {KNOWN.name} with a reason.")  # noqa: T201 - the same
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
