"""Many requests from a few threads with persistent connections."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import httpx

T = TypeVar("T")

_THREADS = 4


def each(items: Iterable[T], act: Callable[[httpx.Client, T], None]) -> None:
    """Call ``act`` with a client and each item; raises the first error of any call at the end."""
    own = threading.local()
    clients: list[httpx.Client] = []

    def one(item: T) -> None:
        if not hasattr(own, "client"):
            own.client = httpx.Client(trust_env=False, verify=False)  # noqa: S501 - loopback
            clients.append(own.client)
        act(own.client, item)

    try:
        with ThreadPoolExecutor(_THREADS) as pool:
            for done in pool.map(one, items):
                assert done is None
    finally:
        for client in clients:
            client.close()


def ask(client: httpx.Client, method: str, url: str, **options: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own
    """Send a request and return the response; for an event stream, its status and headers only."""
    with client.stream(method, url, **options) as answer:
        if not answer.headers.get("content-type", "").startswith("text/event-stream"):
            answer.read()
            return answer
        return httpx.Response(answer.status_code, headers=answer.headers)
