"""Fixtures of the chat worker; starting a process takes seconds, so the tests share one."""

from collections.abc import Iterator

import pytest

from tests.integration.chat.process import ChatProcess

KEY = "a key for these tests"


@pytest.fixture(scope="package")
def started() -> Iterator[list[ChatProcess]]:
    """The processes that were started; the last one may be running."""
    processes: list[ChatProcess] = []
    yield processes
    assert [process.stop() for process in processes] == [0] * len(processes)


@pytest.fixture
def chat(started: list[ChatProcess], tmp_path_factory: pytest.TempPathFactory) -> ChatProcess:
    """An idle chat worker with an API key and a queue for one request."""
    if not started or started[-1].has_ended:
        process = ChatProcess(
            tmp_path_factory.mktemp("chat"),
            CHAT_API_KEY=KEY,
            CHAT_QUEUE_SIZE="1",
            CHAT_MAX_TOKENS="50",
        )
        started.append(process)
    started[-1].counted(busy=0, waiting=0)
    return started[-1]
