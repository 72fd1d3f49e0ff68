"""The table of functions in docs/guides/api.md: each line, run as it stands."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.integration.chat.process import ChatProcess
from tests.integration.specification.specification import INTERFACES
from tests.support.local_system import ROOT, TIMEOUT_SECONDS, LocalSystem, UserClient

_GUIDE = (ROOT / "docs/guides/api.md").read_text()
_ROW = re.compile(r"^\| `([\w-]+)` \| (\w+) \| .*? \| ([\d, ]+) \| `(curl .*)` \|$", re.MULTILINE)
_STATUS = re.compile(r"\n(\d{3})$")


class Line(NamedTuple):
    """A row of the table."""

    name: str
    caller: str
    statuses: str
    curl: str


LINES = {row[0]: Line(*row) for row in _ROW.findall(_GUIDE)}


@pytest.fixture(scope="module")
def journey(noop: LocalSystem) -> dict[str, str]:
    """The shell variables that the journey sets."""
    person = UserClient(noop)
    job_id = person.create_job()
    person.wait_for(job_id)
    asset_id = str(person.asset(job_id)["id"])
    return {"BASE": noop.base, "TOKEN": person.token, "JOB": job_id, "ASSET": asset_id}


def _run(line: Line, journey: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """The answer's status, and the answer."""
    (setup,) = re.findall(r"<!-- functions.*?-->\n```sh\n(.*?)```", _GUIDE, re.DOTALL)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{setup}\n{line.curl} -w '\\n%{{http_code}}'"],
        cwd=ROOT,
        env={**os.environ, **journey},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=True,
    )
    body, status = done.stdout.rsplit("\n", 1)
    return status, json.loads(body)


def test_every_function_of_the_specification_has_a_line() -> None:
    assert LINES.keys() == INTERFACES.keys()
    for name, line in LINES.items():
        assert f'"$F/{name}" ' in line.curl
        assert line.caller == INTERFACES[name].caller


@pytest.mark.parametrize("name", LINES)
def test_a_line_answers_as_the_table_says(name: str, journey: dict[str, str]) -> None:
    status, answer = _run(LINES[name], journey)
    assert status in LINES[name].statuses.split(", "), answer
    assert answer.get("success", True) is status.startswith("2")


def test_worker_endpoints_require_a_signature(journey: dict[str, str]) -> None:
    signed_lines = [line for line in LINES.values() if line.caller == "worker"]
    assert {line.statuses for line in signed_lines} == {"401"}
    for line in signed_lines:
        assert "webhook-id or webhook-timestamp is missing" in _run(line, journey)[1]["error"]


def test_without_a_chat_worker_the_answers_say_so(journey: dict[str, str]) -> None:
    """The noop system has no chat worker."""
    status, answer = _run(LINES["playground-chat"], journey)
    assert (status, answer["code"]) == ("503", "unavailable")
    metadata = _run(LINES["enhance-prompt"], journey)[1]["enhancement_metadata"]
    assert metadata["model_used"] == "rules"
    assert "chat worker" in metadata["fallback_reason"]


@pytest.mark.slow
def test_with_the_chat_worker_a_model_answers(tmp_path: Path) -> None:
    (lines,) = re.findall(r"<!-- chat.*?-->\n```sh\n(.*?)```", _GUIDE, re.DOTALL)
    assert "-m gpu_workers.chat.main " in lines
    assert "CHAT_URL=http://127.0.0.1:8000 make run " in lines
    chat = ChatProcess(tmp_path)
    system = LocalSystem(tmp_path / "data", worker="none", CHAT_URL=chat.base)
    system.start()
    there = {"BASE": system.base, "TOKEN": UserClient(system).token}
    status, answer = _run(LINES["playground-chat"], there)
    assert (status, bool(answer["response"])) == ("200", True)
    assert system.stop() == 0
    assert chat.stop() == 0
