"""Fixtures of a system with chat servers, and of its users.

A test module gets them by naming this module in ``pytest_plugins``.
"""

from collections.abc import Iterator

import pytest

from infra.local.config import keys
from tests.integration.chat.process import ChatProcess
from tests.support.fake_chat_server import FAULTS, HURRIED_SECONDS, KEY, ChatServer
from tests.support.local_system import TIMEOUT_SECONDS, LocalSystem, UserClient, wait_until
from tests.support.second_gateway import SecondGateway

_PATIENT = str(TIMEOUT_SECONDS)


@pytest.fixture(scope="session")
def chat_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    """A system without workers, which waits for a chat server as long as a test does."""
    system = LocalSystem(
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
def hurried(chat_system: LocalSystem) -> Iterator[LocalSystem]:
    """The functions of that system, with a short timeout for chat servers.

    The timeout is longer for a long response. They are for servers that never end their response.
    """
    revision = SecondGateway(
        chat_system,
        CHAT_API_KEY=KEY,
        ENHANCEMENT_TIMEOUT_SECONDS=str(HURRIED_SECONDS),
        CHAT_TIMEOUT_SECONDS=str(HURRIED_SECONDS),
        CHAT_LONG_TIMEOUT_SECONDS=_PATIENT,
    )
    yield revision.up()
    revision.end()


@pytest.fixture
def fault_talker(chat_system: LocalSystem, hurried: LocalSystem, fault: str) -> UserClient:
    """A new user of the functions whose timeout suits the fault."""
    return UserClient(hurried if FAULTS[fault][1] == "slow" else chat_system)


@pytest.fixture
def chat_user(chat_system: LocalSystem) -> UserClient:
    """A new user."""
    return UserClient(chat_system)


@pytest.fixture(scope="session")
def chat_server(chat_system: LocalSystem) -> Iterator[ChatServer]:
    """A chat server that is not registered."""
    one = ChatServer(chat_system)
    yield one
    one.close()


@pytest.fixture
def server(chat_system: LocalSystem, chat_server: ChatServer) -> Iterator[ChatServer]:
    """A chat server, registered as the worker that was seen last; a test sets its behaviour."""
    chat_server.reset()
    assert chat_server.register("chat").status_code == 200
    yield chat_server
    forget_workers(chat_system)


@pytest.fixture(scope="session")
def tiny_process(
    chat_system: LocalSystem, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ChatProcess]:
    """The real chat worker with its tiny random model."""
    process = ChatProcess(
        tmp_path_factory.mktemp("tiny"),
        CHAT_API_KEY=KEY,
        WORKER_ID="noop",
        WORKER_KEY=keys.worker_key("noop"),
        FUNCTIONS_URL=f"{chat_system.base}/functions/v1",
    )
    query = "select count(*) from workers where id = 'noop'"
    wait_until(lambda: chat_system.value(query) == 1, what="the chat worker to register")
    yield process
    assert process.stop() == 0


@pytest.fixture
def tiny(chat_system: LocalSystem, tiny_process: ChatProcess) -> Iterator[ChatProcess]:
    """The real chat worker, registered as the worker that was seen last."""
    query = "update workers set is_active = true, health = 'healthy' where id = 'noop' returning id"
    chat_system.rows(query)
    tiny_process.counted(busy=0, waiting=0)
    yield tiny_process
    forget_workers(chat_system)


def forget_workers(system: LocalSystem) -> None:
    """Mark every worker as inactive."""
    system.rows("update workers set is_active = false returning id")
