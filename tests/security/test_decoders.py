"""Pictures that are expensive to decode, many at once, beside other users' uploads."""

import contextlib
import os
import select
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from shared.storage.images.decoder_queue import MAX_REQUESTS, MAX_REQUESTS_PER_USER
from tests.integration.storage.uploads import own, send
from tests.security.other_user import other_user
from tests.security.tally import Corpora, Tally
from tests.support import malicious_images
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.malicious_images import encode, flat

_SMALL = encode(flat(), "PNG")
_LARGE = malicious_images.jpeg_with_scans(3000, 20) + bytes(9_900_000)
"""10 MB to send; decoding takes longer than sending."""

_TIMEOUT_SECONDS = 60
_MAX_KB = 200 * 1024
"""Limit for six pictures of 10 MiB, as sent and as stored, and the pipe to the decoder."""


@contextlib.contextmanager
def _other_uploads(system: LocalSystem, tally: Tally) -> Iterator[None]:
    """Upload one small picture after another as another user, and count those not stored."""
    person, is_over = UserClient(system), threading.Event()

    def upload() -> None:
        while not is_over.is_set():
            response = send(person, own(person, "other.png"), _SMALL, method="PUT")
            tally.answered("another user's picture", response, {200})

    thread = threading.Thread(target=upload, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def test_expensive_pictures_hold_up_no_other_user(
    bare: LocalSystem, person: UserClient, corpora: Corpora, tally: Tally
) -> None:
    decoded = malicious_images.left_out()
    if corpora.is_full:
        decoded += malicious_images.expensive()
    files = [(*file, {200}) for file in decoded]
    files += [(*file, {415}) for file in malicious_images.too_complex()]
    url = f"{bare.base}/storage/v1/object/{own(person)}"
    headers = {"authorization": f"Bearer {person.token}", "content-type": "image/png"}
    with other_user(bare, tally), _other_uploads(bare, tally):
        for name, content, statuses in corpora.some(files, short=6):
            response = web.put(url, content=content, headers=headers, timeout=_TIMEOUT_SECONDS)
            tally.answered(name, response, statuses)


class _Unfinished:
    """Uploads of which the head and half of the body have been sent."""

    def __init__(self, system: LocalSystem) -> None:
        self._address = ("127.0.0.1", system.port)
        self._half = len(_SMALL) // 2
        self.open: list[socket.socket] = []

    def send(self, person: UserClient, count: int) -> None:
        """Send as many as that."""
        for _ in range(count):
            path = f"/storage/v1/object/{own(person, f'{len(self.open)}.png')}"
            head = (
                f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {person.token}\r\n"
                f"content-type: image/png\r\ncontent-length: {len(_SMALL)}\r\n\r\n"
            )
            connection = socket.create_connection(self._address, timeout=_TIMEOUT_SECONDS)
            connection.sendall(head.encode() + _SMALL[: self._half])
            self.open.append(connection)

    def refused(self, count: int) -> list[bytes]:
        """Wait for as many responses, and return them."""
        responses: list[bytes] = []
        while len(responses) < count:
            readable, _, _ = select.select(self.open, [], [], _TIMEOUT_SECONDS)
            assert readable, f"{len(responses)} of {count} were refused"
            for connection in readable:
                responses.append(connection.recv(65536))
                self.open.remove(connection)
                connection.close()
        return responses

    def finish(self) -> list[bytes]:
        """Send the rest of each body, and return the responses."""
        for connection in self.open:
            connection.sendall(_SMALL[self._half :])
        return [connection.recv(65536) for connection in self.open]

    def close(self) -> None:
        """Close what is still open."""
        for connection in self.open:
            connection.close()


@pytest.fixture
def unfinished(bare: LocalSystem) -> Iterator[_Unfinished]:
    uploads = _Unfinished(bare)
    yield uploads
    uploads.close()


def _is_refused(response: bytes, status: int) -> bool:
    head = response.partition(b"\r\n\r\n")[0].lower()
    return head.startswith(f"http/1.1 {status} ".encode()) and b"\r\nretry-after: " in head


def test_one_user_does_not_fill_the_queue(
    bare: LocalSystem, person: UserClient, unfinished: _Unfinished, tally: Tally
) -> None:
    count = 60
    stored = own(person, "stored.png")
    tally.answered("a picture", send(person, stored, _SMALL), {200})
    with other_user(bare, tally):
        unfinished.send(person, count)
        for response in unfinished.refused(count - MAX_REQUESTS_PER_USER):
            tally.refused(f"one more: {response[:100]!r}", is_refused=_is_refused(response, 429))
        job = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a boat"}}
        answer = person.invoke("queue-job", {**job, "referenceImageUrl": stored})
        tally.answered("a reference", answer, {429})
        other = UserClient(bare)
        tally.answered("another user's picture", send(other, own(other), _SMALL), {200})
        for response in unfinished.finish():
            tally.refused("a picture in the queue", is_refused=response.startswith(b"HTTP/1.1 200"))


def test_all_users_together_do_not_fill_the_memory(
    bare: LocalSystem, unfinished: _Unfinished, tally: Tally
) -> None:
    """What does not fit into the queue is refused before its body is sent."""
    more = 20
    with other_user(bare, tally):
        for _ in range(MAX_REQUESTS // MAX_REQUESTS_PER_USER):
            unfinished.send(UserClient(bare), MAX_REQUESTS_PER_USER)
        for _ in range(more):
            unfinished.send(UserClient(bare), 1)
        for response in unfinished.refused(more):
            tally.refused(f"one more: {response[:100]!r}", is_refused=_is_refused(response, 503))
        for response in unfinished.finish():
            tally.refused("a picture in the queue", is_refused=response.startswith(b"HTTP/1.1 200"))
    other = UserClient(bare)
    tally.answered("a picture afterwards", send(other, own(other), _SMALL), {200})


def _memory_kb(system: LocalSystem, name: str) -> int:
    """Return a figure of the gateway's memory, in KB."""
    status = Path(f"/proc/{system.pids()['gateway']}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith(name))
    return int(line.split()[1])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory in /proc")
def test_waiting_bodies_are_not_in_memory(
    bare: LocalSystem, corpora: Corpora, tally: Tally
) -> None:
    """Six pictures at a time are read; the other bodies wait in the network."""
    before = _memory_kb(bare, "VmRSS:")
    persons = [UserClient(bare) for _ in range(corpora.size(10, short=2))]

    def upload(person: UserClient, number: int) -> httpx.Response:
        url = f"{bare.base}/storage/v1/object/{own(person, f'{number}.png')}"
        headers = {"authorization": f"Bearer {person.token}", "content-type": "image/jpeg"}
        with httpx.Client(timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            return client.post(url, content=_LARGE, headers=headers)

    with other_user(bare, tally), ThreadPoolExecutor(60) as pool:
        uploads = [pool.submit(upload, person, n) for n in range(6) for person in persons]
        for response in (upload.result() for upload in uploads):
            if response.status_code == 503:
                tally.refused("the queue is full", is_refused="retry-after" in response.headers)
            else:
                tally.answered("a large picture", response, {200})
    grown = _memory_kb(bare, "VmHWM:") - before
    tally.refused(f"{grown} KB more", is_refused=grown < _MAX_KB)


def _decoder(system: LocalSystem) -> int:
    """Return the process id of the gateway's decoder."""
    gateway = system.pids()["gateway"]
    for task in Path(f"/proc/{gateway}/task").iterdir():
        for child in (task / "children").read_text().split():
            if b"shared.storage.images.decoder" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    raise AssertionError("the gateway has no decoder")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="lists processes in /proc")
def test_the_decoder_holds_no_secret_and_is_replaced(
    bare: LocalSystem, person: UserClient, tally: Tally
) -> None:
    tally.answered("a picture", send(person, own(person, "1.png"), _SMALL), {200})
    decoder = _decoder(bare)
    names = {
        part.partition(b"=")[0]
        for part in Path(f"/proc/{decoder}/environ").read_bytes().split(b"\0")
    }
    tally.refused(f"{names}", is_refused=not names - {b"", b"PYTHONPATH", b"MALLOC_ARENA_MAX"})
    os.kill(decoder, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{decoder}").exists(), what="the decoder to end")
    tally.answered("the next picture", send(person, own(person, "2.png"), _SMALL), {200})
    assert _decoder(bare) != decoder
