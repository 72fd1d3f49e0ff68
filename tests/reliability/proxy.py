"""A proxy between queue and worker, and between worker and functions, that repeats each message.

Each task is delivered three times, at random moments, so that the order changes. Each callback is
sent ten more times, some of them at the same time as the first. ``repeat`` sends the remaining
copies of both.
"""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.local_system import free_port, wait_until

DELIVERIES = 3
REPLAYS_BESIDE, REPLAYS_SOON, REPLAYS_AT_END = 3, 4, 3
REPLAYS = REPLAYS_BESIDE + REPLAYS_SOON + REPLAYS_AT_END

_LATEST_SECONDS = 2.0
"""The last of the early copies; by then a job has often ended."""
_MAX_AT_ONCE = 8
_DROPPED = {"host", "content-length", "connection", "accept-encoding", "transfer-encoding"}
_KEPT = {"content-type", "retry-after", "date"}


class ProxiedRequest(NamedTuple):
    """A request that passes the proxy."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """The kind of message, for the report."""
        return self.url.rpartition("/")[2].partition("?")[0]


class Relay:
    """The proxy: serves at ``url``, for a worker at ``worker_port``."""

    def __init__(self, functions_base: str, chance: random.Random) -> None:
        self._port, self.worker_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.answers: Counter[str] = Counter()
        self._bases = {
            "functions": functions_base,
            "worker": f"http://127.0.0.1:{self.worker_port}",
        }
        self._chance = chance
        self._passed: dict[str, list[ProxiedRequest]] = {"jobs": [], "job-callback": []}
        self._later: set[asyncio.Task[Response]] = set()
        self._loop = asyncio.new_event_loop()

    @contextmanager
    def serving(self) -> Iterator["Relay"]:
        """Serve while the block runs."""
        app = Starlette(routes=[Route("/{path:path}", self._serve, methods=["GET", "POST"])])
        config = uvicorn.Config(app, port=self._port, log_level="warning", access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=self._loop.run_until_complete, args=[self._run(server)])
        thread.start()
        try:
            wait_until(lambda: server.started, what="the relay")
            yield self
        finally:
            server.should_exit = True
            thread.join()

    def passed(self) -> dict[str, int]:
        """Return how many messages of each kind have passed, without repeats."""
        return {kind: len(messages) for kind, messages in self._passed.items()}

    def settle(self) -> None:
        """Wait until all early copies have been sent."""
        self._do(self._settle())

    def repeat(self) -> None:
        """Send every message again, shuffled: each task once, each callback as often as remains."""
        self._do(self._repeat())

    async def _run(self, server: uvicorn.Server) -> None:
        limits = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(timeout=60, trust_env=False, limits=limits) as http:
            self._http = http
            self._places = asyncio.Semaphore(_MAX_AT_ONCE)
            await server.serve()
            await self._settle()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _serve(self, request: Request) -> Response:
        side = "functions" if request.url.path.startswith("/functions/") else "worker"
        query = f"?{request.url.query}" if request.url.query else ""
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response(status_code=499)
        message = ProxiedRequest(
            request.method,
            f"{self._bases[side]}{request.url.path}{query}",
            {name: value for name, value in request.headers.items() if name not in _DROPPED},
            body,
        )
        if message.kind not in self._passed:
            return await self._send(message)
        self._passed[message.kind].append(message)
        return await (self._deliver if message.kind == "jobs" else self._call_back)(message)

    async def _deliver(self, message: ProxiedRequest) -> Response:
        """Return the first successful delivery's response to the queue, or else the last one's."""
        answer = Response(status_code=503)
        copies = [self._soon(message, self._send) for _ in range(DELIVERIES)]
        for copy in asyncio.as_completed(copies):
            answer = await copy
            if answer.status_code == httpx.codes.OK:
                break
        return answer

    async def _call_back(self, message: ProxiedRequest) -> Response:
        """Return the response to a random one of the copies to the worker."""
        for _ in range(REPLAYS_SOON):
            self._soon(message, self._send_in_line)
        answers = await asyncio.gather(*(self._send(message) for _ in range(1 + REPLAYS_BESIDE)))
        return self._chance.choice(answers)

    def _soon(
        self, message: ProxiedRequest, send: Callable[[ProxiedRequest], Awaitable[Response]]
    ) -> asyncio.Task[Response]:
        async def later(delay: float) -> Response:
            await asyncio.sleep(delay)
            return await send(message)

        task = asyncio.create_task(later(self._chance.uniform(0, _LATEST_SECONDS)))
        self._later.add(task)
        task.add_done_callback(self._later.discard)
        return task

    async def _settle(self) -> None:
        while self._later:
            await asyncio.wait(self._later)

    async def _repeat(self) -> None:
        messages: list[ProxiedRequest] = [
            *self._passed["jobs"],
            *(message for message in self._passed["job-callback"] for _ in range(REPLAYS_AT_END)),
        ]
        self._chance.shuffle(messages)
        await self._all(messages)

    async def _all(self, messages: Sequence[ProxiedRequest]) -> None:
        await asyncio.gather(*(self._send_in_line(message) for message in messages))

    async def _send_in_line(self, message: ProxiedRequest) -> Response:
        async with self._places:
            return await self._send(message)

    async def _send(self, message: ProxiedRequest) -> Response:
        try:
            answer = await self._http.request(
                message.method, message.url, headers=message.headers, content=message.body
            )
        except httpx.TransportError:
            self.answers[f"{message.kind}: none"] += 1
            return Response(status_code=503)
        self.answers[f"{message.kind}: {answer.status_code}"] += 1
        headers = {name: value for name, value in answer.headers.items() if name in _KEPT}
        return Response(answer.content, answer.status_code, headers)
