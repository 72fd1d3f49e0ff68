"""Another server of the OpenAI protocol instead of the chat worker, set by its URL alone."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.local.config import environment
from infra.local.database import server
from infra.local.database.setup import functions_url
from tests.integration.chat.process import ChatProcess
from tests.support.fake_chat_server import Body, streamed
from tests.support.http import web
from tests.support.local_system import (
    ROOT,
    TIMEOUT_SECONDS,
    LocalSystem,
    UserClient,
    free_port,
    wait_until,
)

pytest_plugins = ["tests.support.chat_fixtures"]
pytestmark = pytest.mark.slow


def _answers(url: str) -> bool:
    try:
        return web.get(url).is_success
    except httpx.TransportError:
        return False


def _started(command: list[str], url: str, folder: Path, **own: str) -> subprocess.Popen[bytes]:
    """Start a process and wait until it responds; its log is in the folder."""
    log = folder / "server.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **own}, stdout=out, stderr=subprocess.STDOUT
        )
    wait_until(lambda: _answers(url), what=f"{command[-1]} to start")
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def transformers_serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the server that comes with the transformers library."""
    url = f"http://127.0.0.1:{free_port()}"
    program = str(Path(sys.executable).with_name("transformers"))
    options = ["--host", "127.0.0.1", "--device", "cpu", "--port", url.rpartition(":")[2]]
    folder = tmp_path_factory.mktemp("serve")
    process = _started(
        [program, "serve", *options],
        f"{url}/health",
        folder,
        HF_HUB_OFFLINE="1",
        OMP_NUM_THREADS="1",
        no_proxy="*",
    )
    yield url
    _end(process)


@pytest.fixture(scope="module")
def elsewhere(
    chat_system: LocalSystem,
    tiny_process: ChatProcess,
    transformers_serve: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[LocalSystem]:
    """The system's functions, configured with that server's URL and its model name."""
    (model,) = tiny_process.cache.iterdir()
    port, ports = free_port(), chat_system.ports()
    parts = environment.LocalSystem(chat_system.data, chat_system.port, ports)
    url = functions_url(server.url(ports["postgres"]))
    system = copy.copy(chat_system)
    system.base = f"http://127.0.0.1:{port}"
    process = _started(
        [sys.executable, "-m", "infra.local.gateway.app", "--port", str(port)],
        f"{system.base}/healthz",
        tmp_path_factory.mktemp("gateway"),
        **environment.functions_env(parts, url),
        CHAT_URL=f"{transformers_serve}/v1/",
        CHAT_MODELS=json.dumps(dict.fromkeys(["qwen_instruct", "qwen_base"], str(model))),
    )
    yield system
    _end(process)


def test_all_three_functions_talk_to_it(elsewhere: LocalSystem, tiny_process: ChatProcess) -> None:
    person = UserClient(elsewhere)
    name = str(next(tiny_process.cache.iterdir()))

    body = {"prompt": "why is my bread flat?", "use_case": "chat"}
    enhanced: Body = {}

    def is_enhanced() -> bool:
        """The model samples randomly: sometimes its reply is empty."""
        enhanced.update(person.invoke("enhance-prompt", body).json())
        reason = enhanced["enhancement_metadata"].get("fallback_reason") or ""
        return not reason.startswith("empty: ")

    wait_until(is_enhanced, what="the model to answer something")
    assert enhanced["enhancement_metadata"]["model_used"] == name, enhanced
    assert enhanced["enhanced_prompt"] != body["prompt"]

    chat_user, events = person, _stream_reply(person)
    while events[-1][1].get("error") == "The chat worker's response is empty.":
        chat_user = UserClient(elsewhere)
        events = _stream_reply(chat_user)
    *deltas, (event, done) = events
    assert event == "done", done
    assert "".join(one["delta"] for _, one in deltas).strip() == done["response"]
    assert done["metadata"]["model_used"] == name
    assert 0 < done["metadata"]["tokens"] <= 512
    assert done["metadata"]["finish_reason"] in {"stop", "length"}
    assert len(chat_user.rows("messages")) == 2

    case = {"original_prompt": "a cat", "enhanced_prompt": "a cat", "test_cases": ["It is a cat"]}
    judged = person.invoke("validate-enhancement-fix", case).json()["validation_results"]
    assert judged[0]["feedback"].startswith("Scored by word overlap, not by a model"), "it babbles"


def _stream_reply(person: UserClient) -> list[tuple[str, Body]]:
    """The events of the reply to a message in a new conversation."""
    with streamed(person, message="hello") as events:
        return list(events)
