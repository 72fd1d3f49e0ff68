"""Fixtures of a system with every content check configured, and of its users.

A test module gets them by naming this module in ``pytest_plugins``.
"""

from collections.abc import Iterator

import pytest

from tests.support.fake_chat_server import KEY, ChatServer
from tests.support.local_system import LocalSystem, UserClient
from tests.support.safety_drill import FIRST_SLOWDOWN
from tests.support.scripted_worker import CHECKED_BY, ScriptedWorker


@pytest.fixture(scope="session")
def safety_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    """A system that offers nsfw, with throttling times that are long enough for slow tests."""
    system = LocalSystem(
        tmp_path_factory.mktemp("gated") / "data",
        worker="none",
        SWEEP_SECONDS="3600",
        CHAT_API_KEY=KEY,
        OUTPUT_CLASSIFIER=CHECKED_BY["name"],
        SAFETY_THROTTLE_INITIAL_SECONDS=str(FIRST_SLOWDOWN),
    )
    system.start()
    yield system
    assert system.stop() == 0


@pytest.fixture(scope="session")
def drawing_worker(safety_system: LocalSystem) -> Iterator[ScriptedWorker]:
    """A worker that a test controls."""
    worker = ScriptedWorker(safety_system)
    assert worker.register(slots=1000).status_code == 200
    yield worker
    worker.close()


@pytest.fixture(scope="session")
def _chat_server(safety_system: LocalSystem) -> Iterator[ChatServer]:
    server = ChatServer(safety_system)
    assert server.register("chat").status_code == 200
    yield server
    server.close()


@pytest.fixture
def chat(_chat_server: ChatServer) -> ChatServer:
    """A chat worker with scripted replies."""
    _chat_server.reset()
    return _chat_server


@pytest.fixture
def safety_user(safety_system: LocalSystem) -> UserClient:
    """A new user."""
    return UserClient(safety_system)
