"""The commands that README.md and docs/guides name exist, with the options that they print."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.local_system import ROOT

_LOCAL = (ROOT / "docs/guides/local.md").read_text()
_PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs/guides").glob("*.md")),
]
_MAKEFILE = (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("command", ["up", "token", "reset", "export-library"])
def test_the_local_command_line_is_as_printed(command: str) -> None:
    (printed,) = re.findall(rf"    python -m infra\.local {command} (.*)", _LOCAL)
    usage = subprocess.run(
        [sys.executable, "-m", "infra.local", command, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    options = usage.partition("\n\n")[0]
    assert set(re.findall(r"--[a-z-]+", printed)) == set(re.findall(r"--[a-z-]+", options))


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.stem)
def test_every_make_target_of_a_page_exists(page: Path) -> None:
    targets = re.findall(r"(?:`|^    )make ([a-z-]+)", page.read_text(), re.MULTILINE)
    for target in targets:
        assert re.search(rf"^{target}:", _MAKEFILE, re.MULTILINE), target


def test_the_readme_names_the_first_commands() -> None:
    readme = _PAGES[0].read_text()
    for target in ("run", "test", "demo", "bundle", "emulate", "help"):
        assert f"make {target}" in readme
