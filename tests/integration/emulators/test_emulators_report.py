"""docs/reports/emulators.md says what the emulators' tests try."""

import subprocess
import sys

from tests.integration.emulators.report import PAGE
from tests.support.local_system import ROOT


def test_the_page_says_what_the_tests_try() -> None:
    command = [sys.executable, "-m", "tests.integration.emulators.report", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_names_both_what_is_done_and_what_is_not() -> None:
    sections = PAGE.read_text().split("\n## ")[1:]
    assert [section.splitlines()[0] for section in sections] == ["Cloud Storage", "Cloud Tasks"]
    for section in sections:
        assert "| supported |" in section
        assert "| not supported |" in section
