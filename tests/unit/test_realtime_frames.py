"""Phoenix frames in both protocol versions."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.realtime import phoenix
from functions.realtime.connection import Backlog, SendQueue
from functions.realtime.limits import Limits, TokenBucket
from functions.realtime.phoenix import MalformedError, Message, Version

names = st.none() | st.text()


@given(st.builds(Message, names, names, st.text(), st.text(), st.dictionaries(st.text(), names)))
@settings(max_examples=50)
def test_what_is_written_is_read(message: Message) -> None:
    assert phoenix.read(phoenix.write(message, "2.0.0"), "2.0.0") == message
    assert json.loads(phoenix.write(message, "1.0.0")) == {
        "topic": message.topic,
        "event": message.event,
        "payload": message.payload,
        "ref": message.ref,
    }


@pytest.mark.parametrize("version", ["1.0.0", "2.0.0"])
def test_a_change_is_a_frame_like_any_other(version: Version) -> None:
    written = phoenix.change('realtime:"a', "1", [1, 3], '{"é":null}', version)
    payload = {"ids": [1, 3], "data": {"é": None}}
    message = Message("1", None, 'realtime:"a', "postgres_changes", payload)
    assert json.loads(written) == json.loads(phoenix.write(message, version))


@given(st.text() | st.binary())
@settings(max_examples=50)
def test_whatever_comes_is_read_or_is_malformed(frame: str | bytes) -> None:
    for version in phoenix.VERSIONS.values():
        with contextlib.suppress(MalformedError):
            assert isinstance(phoenix.read(frame, version), Message)


def test_an_outbox_that_is_full_takes_no_more() -> None:
    few = SendQueue(Limits(queued_frames=2, queued_bytes=100), Backlog())
    assert [few.put("x") for _ in range(3)] == [True, True, False]
    small = SendQueue(Limits(queued_frames=100, queued_bytes=5), Backlog())
    assert [small.put("xxxx") for _ in range(3)] == [True, True, False]


def test_outboxes_together_take_no_more_than_their_limit() -> None:
    limits = Limits(sockets=2, all_queued_bytes=10)
    backlog = Backlog()
    first, second = SendQueue(limits, backlog), SendQueue(limits, backlog)
    assert [first.put("xxxx") for _ in range(4)] == [True, True, True, False]
    assert [second.put("xxxx") for _ in range(3)] == [True, True, False]
    first.clear()
    assert second.put("xxxx")
    second.drop_first()
    assert backlog.size == 8


def test_a_pace_allows_some_at_once_and_then_one_by_one() -> None:
    now = 0.0
    pace = TokenBucket(2, 0.5, lambda: now)
    assert [pace.try_acquire() for _ in range(3)] == [True, True, False]
    now = 2.0
    assert [pace.try_acquire() for _ in range(2)] == [True, False]
    now = 100.0
    assert [pace.try_acquire() for _ in range(3)] == [True, True, False]
