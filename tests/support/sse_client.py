"""A client of ``GET /job-events`` that reads in a separate thread."""

import contextlib
import json
import socket
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

from tests.support.local_system import TIMEOUT_SECONDS, UserClient, wait_until


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event, as an EventSource would dispatch it."""

    event: str
    id: str | None
    data: dict[str, Any]
    at: float = field(default_factory=time.monotonic, compare=False)

    @property
    def position(self) -> tuple[int, int]:
        """The two numbers of the id."""
        xid, _, seq = (self.id or "").partition("-")
        return int(xid), int(seq)

    @property
    def record(self) -> dict[str, Any]:
        """The row of a change; not for a DELETE."""
        record: dict[str, Any] = self.data["record"]
        return record


class SseClient:
    """A user's event stream, from now on or from an event id on."""

    def __init__(
        self, person: UserClient, *, last_event_id: str | None = None, base: str = "", **query: str
    ) -> None:
        headers = {} if "ticket" in query else {"authorization": f"Bearer {person.token}"}
        if last_event_id is not None:
            headers["last-event-id"] = last_event_id
        url = base or f"{person.base}/functions/v1/job-events"
        self._http = httpx.Client(verify=False, trust_env=False, timeout=None)  # noqa: S501, S113 - loopback, and a stream
        request = self._http.build_request("GET", url, params=query, headers=headers)
        self.answer = self._http.send(request, stream=True)
        self.lines: list[str] = []
        self.all: list[SseEvent] = []
        self.has_ended = threading.Event()
        self.was_cut = False
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def __enter__(self) -> Self:
        """Wait for the first event, or for the end of the stream where its token has expired."""
        if self.answer.status_code == 200:
            wait_until(
                lambda: bool(self.all) or self.has_ended.is_set(), what="the stream to begin"
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect, as a closed window does."""
        with contextlib.suppress(OSError):
            self.answer.extensions["network_stream"].get_extra_info("socket").shutdown(
                socket.SHUT_RDWR
            )
        self._reading.join()
        self._http.close()

    @property
    def changes(self) -> list[SseEvent]:
        """The events ``change``."""
        return [event for event in self.all if event.event == "change"]

    @property
    def progress(self) -> list[SseEvent]:
        """The events ``progress``."""
        return [event for event in self.all if event.event == "progress"]

    @property
    def last_id(self) -> str:
        """The id that an EventSource would send when it reconnects."""
        return next(event.id for event in reversed(self.all) if event.id is not None)

    def statuses(self) -> list[str]:
        """The statuses of jobs in the changes, in the order received."""
        return [
            change.record["status"] for change in self.changes if change.data["table"] == "jobs"
        ]

    def wait_for_end(self) -> None:
        """Wait until the server ends the stream."""
        assert self.has_ended.wait(TIMEOUT_SECONDS)

    def wait(self, count: int) -> list[SseEvent]:
        """Wait for this many changes and return them."""
        wait_until(lambda: len(self.changes) >= count, what=f"{count} changes")
        return self.changes

    def _read(self) -> None:
        message: dict[str, str] = {}
        try:
            for line in self.answer.iter_lines():
                self.lines.append(line)
                name, _, value = line.partition(": ")
                if name:
                    message[name] = value
                elif not line:
                    self._dispatch(message)
                    message = {}
        except httpx.TransportError:
            self.was_cut = True
        self.has_ended.set()

    def _dispatch(self, fields: dict[str, str]) -> None:
        if "data" in fields:
            self.all.append(SseEvent(fields["event"], fields.get("id"), json.loads(fields["data"])))
