"""GET /job-events: a sign of life in silence, and streams that outlive the database."""

import time
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from tests.support.local_system import Person, System, until
from tests.support.sse_client import EventStream

HEARTBEAT_SECONDS = 0.3
SESSION = "insert into workspace_sessions (user_id, session_name) values (%s, %s)"


@pytest.fixture(scope="module")
def beating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system whose streams are never silent for long."""
    system = System(
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
def listener(beating: System) -> Person:
    return Person(beating)


def test_a_silent_stream_shows_that_it_lives(listener: Person) -> None:
    with EventStream(listener) as stream:
        began = time.monotonic()
        until(lambda: _heartbeats(stream) >= 4, what="four heartbeats")
        assert _heartbeats(stream) <= (time.monotonic() - began) / HEARTBEAT_SECONDS + 2
        assert len(stream.all) == 1, "a comment is no event"


def test_a_stream_outlives_the_database(beating: System, listener: Person) -> None:
    with EventStream(listener) as stream:
        for number in range(3):
            _tell(beating, listener, f"before {number}")
            stream.wait(2 * number + 1)
            before = _heartbeats(stream)
            beating.kill("postgres")
            until(lambda: not _answers(beating), what="the database to be gone")
            until(lambda: _answers(beating), what="the database to be back")
            _tell(beating, listener, f"after {number}")
            told = stream.wait(2 * number + 2)
            assert _heartbeats(stream) > before, "it goes on in between"
        time.sleep(1)
        assert not stream.has_ended.is_set()
        names = [one.record["session_name"] for one in told]
        assert names == [f"{when} {number}" for number in range(3) for when in ("before", "after")]
        assert [one.event for one in stream.all if one.event != "change"] == ["ready"]
        _tell(beating, listener, "by a notification, for it polls once an hour")
        stream.wait(7)


def test_a_stream_that_is_cut_off_goes_on_where_it_was(beating: System, listener: Person) -> None:
    with EventStream(listener) as stream:
        _tell(beating, listener, "one")
        stream.wait(1)
        beating.kill("gateway")
        stream.wait_for_end()
        last = stream.last_id
        _tell(beating, listener, "two")
    until(lambda: _is_served(listener), what="the gateway to be back")
    with EventStream(listener, last_event_id=last) as stream:
        (told,) = stream.wait(1)
    assert told.record["session_name"] == "two"


def test_the_system_stops_at_once_while_someone_listens(beating: System, listener: Person) -> None:
    with EventStream(listener) as stream:
        assert beating.stop() == 0
        stream.wait_for_end()
        assert not stream.was_cut
    log = (beating.data / "logs" / "gateway.log").read_text()
    assert "Traceback" not in log
    beating.start()


def _heartbeats(stream: EventStream) -> int:
    return stream.lines.count(": heartbeat")


def _tell(system: System, person: Person, name: str) -> None:
    with system.database() as connection:
        connection.execute(SESSION, [person.id, name])


def _answers(system: System) -> bool:
    try:
        return bool(system.value("select true"))
    except (psycopg.OperationalError, KeyError):  # the latter while it is not even started
        return False


def _is_served(person: Person) -> bool:
    try:
        return person.get("/rest/v1/jobs", limit="1").status_code == 200
    except httpx.TransportError:
        return False
