"""Server-sent events (WHATWG HTML, section 9.2)."""

MEDIA_TYPE = "text/event-stream"
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
"""``x-accel-buffering`` keeps a proxy from buffering the stream."""


def encode_event(name: str, data: str, event_id: str | None = None) -> bytes:
    """Encode an event; ``data`` is one line, and not empty: an EventSource ignores that."""
    id_line = f"id: {event_id}\n" if event_id else ""
    return f"event: {name}\n{id_line}data: {data}\n\n".encode()
