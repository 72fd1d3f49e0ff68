"""A system that talks with chat servers, and those who talk through it.

A test module that names this one in ``pytest_plugins`` has its fixtures.
"""

from collections.abc import Iterator

import pytest

from infra.local.config import keys
from tests.integration.chat.process import ChatProcess
from tests.support.fake_chat_server import FAULTS, HURRIED_SECONDS, KEY, ChatServer
from tests.support.local_system import PATIENCE_SECONDS, Person, System, until
from tests.support.second_gateway import Revision

_PATIENT = str(PATIENCE_SECONDS)


@pytest.fixture(scope="session")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system without workers, which waits for a chat server as long as a test does."""
    system = System(
        tmp_path_factory.mktemp("talking") / "data",
        worker="none",
        SWEEP_SECONDS="3600",
        CHAT_API_KEY=KEY,
        ENHANCEMENT_TIMEOUT_SECONDS=_PATIENT,
        CHAT_TIMEOUT_SECONDS=_PATIENT,
        CHAT_LONG_TIMEOUT_SECONDS=_PATIENT,
    )
    system.start()
    yield system
    assert system.stop() == 0


@pytest.fixture(scope="session")
def hurried(talking: System) -> Iterator[System]:
    """The functions of that system, which do not wait long for a chat server.

    They wait longer for a long response. They are for servers that never end their response.
    """
    revision = Revision(
        talking,
        CHAT_API_KEY=KEY,
        ENHANCEMENT_TIMEOUT_SECONDS=str(HURRIED_SECONDS),
        CHAT_TIMEOUT_SECONDS=str(HURRIED_SECONDS),
        CHAT_LONG_TIMEOUT_SECONDS=_PATIENT,
    )
    yield revision.up()
    revision.end()


@pytest.fixture
def fault_talker(talking: System, hurried: System, fault: str) -> Person:
    """A new user, of the functions that are to meet the fault."""
    return Person(hurried if FAULTS[fault][1] == "slow" else talking)


@pytest.fixture
def talker(talking: System) -> Person:
    """A new user."""
    return Person(talking)


@pytest.fixture(scope="session")
def chat_server(talking: System) -> Iterator[ChatServer]:
    """A server that nobody knows of."""
    one = ChatServer(talking)
    yield one
    one.close()


@pytest.fixture
def server(talking: System, chat_server: ChatServer) -> Iterator[ChatServer]:
    """The chat worker that was seen last: it does as the test says."""
    chat_server.reset()
    assert chat_server.register("chat").status_code == 200
    yield chat_server
    forget_workers(talking)


@pytest.fixture(scope="session")
def tiny_process(
    talking: System, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ChatProcess]:
    """The real chat worker with its tiny random model."""
    process = ChatProcess(
        tmp_path_factory.mktemp("tiny"),
        CHAT_API_KEY=KEY,
        WORKER_ID="noop",
        WORKER_KEY=keys.worker_key("noop"),
        FUNCTIONS_URL=f"{talking.base}/functions/v1",
    )
    query = "select count(*) from workers where id = 'noop'"
    until(lambda: talking.value(query) == 1, what="the chat worker to register")
    yield process
    assert process.stop() == 0


@pytest.fixture
def tiny(talking: System, tiny_process: ChatProcess) -> Iterator[ChatProcess]:
    """The real chat worker as the one that was seen last."""
    query = "update workers set is_active = true, health = 'healthy' where id = 'noop' returning id"
    talking.rows(query)
    tiny_process.counted(busy=0, waiting=0)
    yield tiny_process
    forget_workers(talking)


def forget_workers(system: System) -> None:
    """Nobody is up."""
    system.rows("update workers set is_active = false returning id")
