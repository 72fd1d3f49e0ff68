"""Measure how long another user waits for a response while one user attacks."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.security.tally import Tally
from tests.support.local_system import LocalSystem, UserClient

_PAUSE_SECONDS = 0.05
_TIMEOUT_SECONDS = 60


@contextmanager
def other_user(system: LocalSystem, tally: Tally) -> Iterator[None]:
    """Send one small request after another as a second user, and record the longest wait.

    The requests go through the gateway, the pool and Postgres, so that whatever holds one of
    these up is measured. An error counts as the whole timeout.
    """
    person, is_over, is_first_done = UserClient(system), threading.Event(), threading.Event()

    def measure() -> None:
        headers = {"authorization": f"Bearer {person.token}"}
        url = f"{system.base}/rest/v1/profiles?select=token_balance"
        with httpx.Client(headers=headers, timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            client.get(url)  # connects, and creates the user's rows
            while not is_over.is_set():
                began = time.perf_counter()
                try:
                    is_good = client.get(url).is_success
                except httpx.HTTPError:
                    is_good = False
                waited = time.perf_counter() - began
                tally.other_user_waited(waited if is_good else _TIMEOUT_SECONDS)
                is_first_done.set()
                time.sleep(_PAUSE_SECONDS)

    thread = threading.Thread(target=measure, daemon=True)
    thread.start()
    is_first_done.wait(_TIMEOUT_SECONDS)
    try:
        yield
    finally:
        is_over.set()
        thread.join()
