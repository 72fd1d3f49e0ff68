"""Encodes server-sent events (WHATWG HTML, section 9.2)."""

from shared.contracts.events import Change, Progress
from shared.db.queries.change_events import Event, Position

RETRY = b"retry: 2000\n\n"
HEARTBEAT = b": heartbeat\n\n"


def ready(position: Position) -> bytes:
    """Encode the first event: every later change is sent."""
    return _event("ready", "{}", position)


def reset(position: Position) -> bytes:
    """Encode a reset: earlier changes are no longer stored; every later one is sent."""
    return _event("reset", "{}", position)


def change(event: Event) -> bytes:
    """Encode the change of a row."""
    change = Change(
        table=event.table,
        type=event.type,
        commit_timestamp=event.at,
        record=event.record,
        old_record=event.old_record,
    )
    return _event("change", change.model_dump_json(), event.position)


def progress(event: Progress) -> bytes:
    """Encode a job's progress. It has no id, since it is not sent again after a reconnect."""
    return _event("progress", event.model_dump_json(by_alias=True))


def _event(name: str, data: str, position: Position | None = None) -> bytes:
    """Encode an event. An EventSource ignores events without data, so data is never empty."""
    identified = f"id: {position.xid}-{position.seq}\n" if position else ""
    return f"event: {name}\n{identified}data: {data}\n\n".encode()
