"""One function with hot reload beside a running system, on a copy of the source tree."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.http import web
from tests.support.local_system import (
    ROOT,
    TIMEOUT_SECONDS,
    LocalSystem,
    UserClient,
    free_port,
    wait_until,
)

COMMAND = [sys.executable, "-m", "infra.local.dev_server"]
MESSAGE = '"Job queued."'
CHANGED_FILE = Path("functions", "queue_job", "job_builder.py")


class Emulation:
    """``python -m infra.local.dev_server queue-job`` on a copy of the tree."""

    def __init__(self, system: LocalSystem, root: Path) -> None:
        for name in ("functions", "shared"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, root / name, ignore=ignored)
        self.changed_file = root / CHANGED_FILE
        self.address = f"http://127.0.0.1:{(port := free_port())}"
        self._log = root / "terminal.log"
        arguments = ["--port", str(port), "--data", str(system.data), "--root", str(root)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*COMMAND, "queue-job", *arguments], cwd=ROOT, stdout=log, stderr=log
            )

    def log(self) -> str:
        """The terminal output so far."""
        assert self._process.poll() is None, self._log.read_text()
        return self._log.read_text()

    def message(self, person: UserClient) -> str:
        """The message of queue-job's response to a job; empty while it is not served."""
        body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a red star on blue"}}
        headers = {"authorization": f"Bearer {person.token}"}
        try:
            answer = web.post(self.address, json=body, headers=headers)
        except httpx.TransportError:
            return ""
        assert answer.status_code == 202, answer.text
        return str(answer.json()["message"])

    def stop(self) -> int:
        """Stop it as Ctrl-C does and return its exit status."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(timeout=TIMEOUT_SECONDS)


@pytest.fixture
def emulation(bare: LocalSystem, tmp_path: Path) -> Iterator[Emulation]:
    """queue-job served beside the system without a worker."""
    emulation = Emulation(bare, tmp_path)
    yield emulation
    assert emulation.stop() == 0
    with pytest.raises(httpx.TransportError):
        web.get(emulation.address)


def test_a_saved_change_is_served_and_a_mistake_waits_for_the_next(
    emulation: Emulation, person: UserClient
) -> None:
    text = emulation.changed_file.read_text()
    assert MESSAGE in text
    wait_until(lambda: emulation.message(person) == "Job queued.", what="an answer")

    emulation.changed_file.write_text(text + "\ndef broken(:\n")
    wait_until(lambda: "next saved change" in emulation.log(), what="the error to be reported")
    assert "SyntaxError" in emulation.log()
    assert not emulation.message(person)

    emulation.changed_file.write_text(text.replace(MESSAGE, '"It waits."'))
    wait_until(lambda: emulation.message(person) == "It waits.", what="the change")
    assert len(person.rows("jobs")) == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("queue-job", r"No local system runs on .*"),
        ("queue_jobs", r"There is no function queue_jobs\. Known are: .*queue-job, .*rest.*\."),
    ],
)
def test_unsupported_requests_are_refused_with_a_reason(
    tmp_path: Path, name: str, message: str
) -> None:
    command = [*COMMAND, name, "--data", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)

    assert done.returncode == 1
    assert re.fullmatch(message, done.stderr.strip())
    assert not list(tmp_path.iterdir())
