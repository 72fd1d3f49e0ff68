"""Server-sent events as bytes (WHATWG HTML, section 9.2)."""

from shared.contracts.events import Change, Progress
from shared.db.queries.change_events import Event, Position

RETRY = b"retry: 2000\n\n"
HEARTBEAT = b": heartbeat\n\n"


def ready(position: Position) -> bytes:
    """Whatever changes from here on will be told."""
    return _event("ready", "{}", position)


def reset(position: Position) -> bytes:
    """What changed before is not known here any more; from here on it will be told."""
    return _event("reset", "{}", position)


def change(event: Event) -> bytes:
    """A row that changed."""
    change = Change(
        table=event.table,
        type=event.type,
        commit_timestamp=event.at,
        record=event.record,
        old_record=event.old_record,
    )
    return _event("change", change.model_dump_json(), event.position)


def progress(event: Progress) -> bytes:
    """How far a job is: without an id, for it is not told again."""
    return _event("progress", event.model_dump_json(by_alias=True))


def _event(name: str, data: str, position: Position | None = None) -> bytes:
    """An EventSource drops what has no data."""
    identified = f"id: {position.xid}-{position.seq}\n" if position else ""
    return f"event: {name}\n{identified}data: {data}\n\n".encode()
