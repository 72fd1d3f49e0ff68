"""A realtime client that sends the frames that a test chooses."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any, Self
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from infra.local.config import tokens
from tests.support.local_system import TIMEOUT_SECONDS

Frame = dict[str, Any]
_NAMES = ("join_ref", "ref", "topic", "event", "payload")


class Client:
    """A socket of the service at ``base``; the frames received are in ``all``, with their times."""

    def __init__(
        self,
        base: str,
        *,
        apikey: str | None = None,
        vsn: str = "2.0.0",
        forwarded: str | None = None,
    ) -> None:
        query = urlencode({"apikey": apikey or tokens.anon_token(), "vsn": vsn})
        self.url = f"{base.replace('http', 'ws', 1)}/websocket?{query}"
        self.all: list[Frame] = []
        self.close_code: int | None = None
        self._headers = {"x-forwarded-for": forwarded} if forwarded else None
        self._vsn = vsn
        self._refs = 0

    async def __aenter__(self) -> Self:
        self.socket: ClientConnection = await connect(
            self.url,
            additional_headers=self._headers,
            proxy=None,
            compression=None,
            ping_interval=None,
            close_timeout=1,
            open_timeout=60,
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()
        await self._reading

    async def send(self, topic: str, event: str, payload: object, join: str | None = None) -> str:
        """Push a message and return its ref."""
        self._refs += 1
        ref = str(self._refs)
        join_ref = ref if event == "phx_join" else join
        parts = [join_ref, ref, topic, event, payload]
        value = parts if self._vsn == "2.0.0" else dict(zip(_NAMES, parts, strict=True))
        await self.socket.send(json.dumps(value))
        return ref

    async def reply(self, ref: str) -> Frame:
        """Wait for the reply to a message and return its payload."""
        frame = await self.wait_for(lambda one: one["event"] == "phx_reply" and one["ref"] == ref)
        payload: Frame = frame["payload"]
        return payload

    async def request(
        self, topic: str, event: str, payload: object, join: str | None = None
    ) -> Frame:
        """Push a message and wait for the payload of its reply."""
        return await self.reply(await self.send(topic, event, payload, join))

    async def join(self, topic: str, *bindings: Frame, token: str | None = None) -> Frame:
        """Join ``realtime:topic`` and return the payload of the reply."""
        payload: Frame = {"config": {"postgres_changes": list(bindings)}}
        if token is not None:
            payload["access_token"] = token
        return await self.request(f"realtime:{topic}", "phx_join", payload)

    async def wait_for(self, is_it: Callable[[Frame], bool]) -> Frame:
        """Wait for the first frame that matches."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while True:
                for frame in self.all:
                    if is_it(frame):
                        return frame
                if self._reading.done():
                    raise AssertionError(f"closed with {self.close_code}; received {self.all}")
                await asyncio.sleep(0.005)

    async def event(self, topic: str, event: str) -> Frame:
        """Wait for the first such event of ``realtime:topic`` and return its payload."""
        expected = (f"realtime:{topic}", event)
        frame = await self.wait_for(lambda one: (one["topic"], one["event"]) == expected)
        payload: Frame = frame["payload"]
        return payload

    def changes(self, topic: str) -> list[Frame]:
        """The payloads of the changes received on ``realtime:topic``, in order."""
        rows = [one for one in self.all if one["event"] == "postgres_changes"]
        return [one["payload"] for one in rows if one["topic"] == f"realtime:{topic}"]

    async def wait(self, topic: str, count: int) -> list[Frame]:
        """Wait for this many changes and return them."""
        await self.wait_for(lambda _: len(self.changes(topic)) >= count)
        return self.changes(topic)

    async def closed(self) -> int | None:
        """Wait until the server closes the socket and return the close code."""
        await asyncio.wait_for(asyncio.shield(self._reading), TIMEOUT_SECONDS)
        return self.close_code

    async def _read(self) -> None:
        try:
            while True:
                value = json.loads(await self.socket.recv())
                known = value if isinstance(value, dict) else dict(zip(_NAMES, value, strict=True))
                self.all.append({"join_ref": None, **known, "at": time.perf_counter()})
        except ConnectionClosed as closed:
            self.close_code = closed.rcvd.code if closed.rcvd else None
