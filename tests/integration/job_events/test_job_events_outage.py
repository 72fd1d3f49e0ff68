"""GET /job-events: heartbeats of silent streams, and streams that outlive the database."""

import time
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.sse_client import SseClient

HEARTBEAT_SECONDS = 0.3
SESSION = "insert into workspace_sessions (user_id, session_name) values (%s, %s)"


@pytest.fixture(scope="module")
def beating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    """A system whose streams send a heartbeat often."""
    system = LocalSystem(
        tmp_path_factory.mktemp("beating") / "data",
        worker="none",
        EVENT_HEARTBEAT_SECONDS=str(HEARTBEAT_SECONDS),
        SWEEP_SECONDS="3600",
        EVENT_POLL_SECONDS="3600",
    )
    system.start()
    yield system
    assert system.stop() == 0


@pytest.fixture
def listener(beating: LocalSystem) -> UserClient:
    return UserClient(beating)


def test_a_silent_stream_shows_that_it_lives(listener: UserClient) -> None:
    with SseClient(listener) as stream:
        began = time.monotonic()
        wait_until(lambda: _heartbeats(stream) >= 4, what="four heartbeats")
        assert _heartbeats(stream) <= (time.monotonic() - began) / HEARTBEAT_SECONDS + 2
        assert len(stream.all) == 1, "a comment is no event"


def test_a_stream_outlives_the_database(beating: LocalSystem, listener: UserClient) -> None:
    with SseClient(listener) as stream:
        for number in range(3):
            _make_change(beating, listener, f"before {number}")
            stream.wait(2 * number + 1)
            before = _heartbeats(stream)
            beating.kill("postgres")
            wait_until(lambda: not _answers(beating), what="the database to be gone")
            wait_until(lambda: _answers(beating), what="the database to be back")
            _make_change(beating, listener, f"after {number}")
            events = stream.wait(2 * number + 2)
            assert _heartbeats(stream) > before, "it goes on in between"
        time.sleep(1)
        assert not stream.has_ended.is_set()
        names = [event.record["session_name"] for event in events]
        assert names == [f"{when} {number}" for number in range(3) for when in ("before", "after")]
        assert [event.event for event in stream.all if event.event != "change"] == ["ready"]
        _make_change(beating, listener, "by a notification, for it polls once an hour")
        stream.wait(7)


def test_a_stream_that_is_cut_off_goes_on_where_it_was(
    beating: LocalSystem, listener: UserClient
) -> None:
    with SseClient(listener) as stream:
        _make_change(beating, listener, "one")
        stream.wait(1)
        beating.kill("gateway")
        stream.wait_for_end()
        last = stream.last_id
        _make_change(beating, listener, "two")
    wait_until(lambda: _is_served(listener), what="the gateway to be back")
    with SseClient(listener, last_event_id=last) as stream:
        (event,) = stream.wait(1)
    assert event.record["session_name"] == "two"


def test_the_system_stops_at_once_while_someone_listens(
    beating: LocalSystem, listener: UserClient
) -> None:
    with SseClient(listener) as stream:
        assert beating.stop() == 0
        stream.wait_for_end()
        assert not stream.was_cut
    log = (beating.data / "logs" / "gateway.log").read_text()
    assert "Traceback" not in log
    beating.start()


def _heartbeats(stream: SseClient) -> int:
    return stream.lines.count(": heartbeat")


def _make_change(system: LocalSystem, person: UserClient, name: str) -> None:
    with system.database() as connection:
        connection.execute(SESSION, [person.id, name])


def _answers(system: LocalSystem) -> bool:
    try:
        return bool(system.value("select true"))
    except (psycopg.OperationalError, KeyError):  # the latter before it has started
        return False


def _is_served(person: UserClient) -> bool:
    try:
        return person.get("/rest/v1/jobs", limit="1").status_code == 200
    except httpx.TransportError:
        return False
