"""A system whose gates are all configured, and those who come to them.

A test module that names this one in ``pytest_plugins`` has its fixtures.
"""

from collections.abc import Iterator

import pytest

from tests.support.fake_chat_server import KEY, ChatServer
from tests.support.local_system import Person, System
from tests.support.safety_drill import FIRST_SLOWDOWN
from tests.support.scripted_worker import CHECKED_BY, HandWorker


@pytest.fixture(scope="session")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system that offers nsfw, and is slow with whom it slows down, so that tests may be."""
    system = System(
        tmp_path_factory.mktemp("gated") / "data",
        worker="none",
        SWEEP_SECONDS="3600",
        CHAT_API_KEY=KEY,
        OUTPUT_CLASSIFIER=CHECKED_BY["name"],
        FIRST_SLOWDOWN_SECONDS=str(FIRST_SLOWDOWN),
    )
    system.start()
    yield system
    assert system.stop() == 0


@pytest.fixture(scope="session")
def drawing_worker(gated: System) -> Iterator[HandWorker]:
    """A worker that is moved by hand."""
    worker = HandWorker(gated)
    assert worker.register(slots=1000).status_code == 200
    yield worker
    worker.close()


@pytest.fixture(scope="session")
def _chat_server(gated: System) -> Iterator[ChatServer]:
    server = ChatServer(gated)
    assert server.register("chat").status_code == 200
    yield server
    server.close()


@pytest.fixture
def chat(_chat_server: ChatServer) -> ChatServer:
    """A chat worker that says what a test tells it to."""
    _chat_server.reset()
    return _chat_server


@pytest.fixture
def visitor(gated: System) -> Person:
    """A new user."""
    return Person(gated)
