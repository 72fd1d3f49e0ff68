"""Events of a user's stream, encoded."""

from shared.contracts.events import Change, Progress
from shared.db.queries.change_events import Event, Position
from shared.http.sse import encode_event

RETRY = b"retry: 2000\n\n"
HEARTBEAT = b": heartbeat\n\n"


def ready(position: Position) -> bytes:
    """Encode the first event: every later change is sent."""
    return encode_event("ready", "{}", _event_id(position))


def reset(position: Position) -> bytes:
    """Encode a reset: earlier changes are no longer stored; every later one is sent."""
    return encode_event("reset", "{}", _event_id(position))


def change(event: Event) -> bytes:
    """Encode the change of a row."""
    change = Change(
        table=event.table,
        type=event.type,
        commit_timestamp=event.at,
        record=event.record,
        old_record=event.old_record,
    )
    return encode_event("change", change.model_dump_json(), _event_id(event.position))


def progress(event: Progress) -> bytes:
    """Encode a job's progress. It has no id, since it is not sent again after a reconnect."""
    return encode_event("progress", event.model_dump_json(by_alias=True))


def _event_id(position: Position) -> str:
    return f"{position.xid}-{position.seq}"
