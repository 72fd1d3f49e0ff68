"""A reader of job events that disconnects at random, and resumes where it stopped."""

import asyncio
import json
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection
from typing import Any, NamedTuple, TypeAlias

import httpx

from tests.support.local_system import UserClient

Position: TypeAlias = tuple[int, int]
"""The two numbers of an event's id."""

_LONGEST_SECONDS = 1.5
"""Longest duration of a connection that is cut; some are cut before a response."""
_PAUSE_SECONDS = 0.05


class StreamEvent(NamedTuple):
    """One server-sent event."""

    event: str
    id: str | None
    data: dict[str, Any]


class Reader:
    """A reader, and what it received over all its connections."""

    def __init__(self, person: UserClient, chance: random.Random) -> None:
        self.person = person
        self.seen: list[Position] = []
        self.jobs: defaultdict[str, list[str]] = defaultdict(list)
        """The statuses that it received for each job."""
        self.cuts = 0
        self.refused: Counter[str] = Counter()
        self.resets = 0
        self.began = asyncio.Event()
        """Set once it has received the position from which it misses nothing."""
        self._chance = chance
        self._last_id: str | None = None

    def has_seen(self, positions: Collection[Position]) -> bool:
        """Return whether each of these events was received."""
        return set(positions) <= set(self.seen)

    async def read(self, *, cuts: int) -> None:
        """Read until disconnected ``cuts`` times, and then until cancelled."""
        limits = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(trust_env=False, timeout=None, limits=limits) as http:  # noqa: S113 - streams are silent at times
            while True:
                is_cut = self.cuts < cuts
                seconds = self._chance.uniform(0, _LONGEST_SECONDS) if is_cut else None
                try:
                    async with asyncio.timeout(seconds):
                        await self._connect(http)
                except TimeoutError:
                    self.cuts += 1
                except httpx.TransportError:
                    self.refused["lost"] += 1
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _connect(self, http: httpx.AsyncClient) -> None:
        headers = {"authorization": f"Bearer {self.person.token}"}
        if self._last_id:
            headers["last-event-id"] = self._last_id
        url = f"{self.person.base}/functions/v1/job-events"
        async with http.stream("GET", url, headers=headers) as answer:
            if answer.status_code != httpx.codes.OK:
                self.refused[str(answer.status_code)] += 1
                return
            async for event in _events(answer.aiter_lines()):
                self._receive(event)

    def _receive(self, event: StreamEvent) -> None:
        if event.id:
            self._last_id = event.id
        if event.event == "ready":
            self.began.set()
        elif event.event == "reset":
            self.resets += 1
        elif event.event == "change" and event.id:
            xid, seq = event.id.split("-")
            self.seen.append((int(xid), int(seq)))
            if event.data["table"] == "jobs":
                record = event.data["record"]
                self.jobs[record["id"]].append(record["status"])


async def _events(lines: AsyncIterator[str]) -> AsyncIterator[StreamEvent]:
    """Parse server-sent events; an event that is cut off in the middle is dropped."""
    fields: dict[str, str] = {}
    async for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            data = json.loads(fields["data"])
            yield StreamEvent(fields.get("event", "message"), fields.get("id"), data)
            fields = {}
        else:
            fields = {}
