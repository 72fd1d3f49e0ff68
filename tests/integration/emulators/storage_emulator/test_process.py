"""The process: discovery by the client, kills, and service under load."""

import hashlib
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from google.cloud.storage import Bucket, Client

from tests.integration.emulators.storage_emulator.emulator import Emulator, Sign, Signer, put
from tests.support.http import web
from tests.support.local_system import TIMEOUT_SECONDS, wait_until


@pytest.mark.emulates("Cloud Storage", "STORAGE_EMULATOR_HOST")
def test_client_finds_the_emulator_when_the_environment_names_it(
    emulator: Emulator, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket.blob("x"), b"found")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", emulator.url)
    blob = Client(project="local").bucket(bucket.name).blob("x")
    assert blob.download_as_bytes() == b"found"


@pytest.mark.emulates("Cloud Storage", "what is acknowledged is kept through kill -9")
def test_everything_acknowledged_is_kept_when_the_process_is_killed(
    tmp_path: Path, signer: Signer
) -> None:
    signer_file = tmp_path / "certificate.pem"
    signer_file.write_bytes(signer.certificate())
    emulator = Emulator(tmp_path / "data", signer_file).start()
    try:
        blob = emulator.client().create_bucket("kept").blob("resumed")
        session = blob.create_resumable_upload_session()
        web.put(session, content=b"abc", headers={"content-range": "bytes 0-2/6"})
        acknowledged = _write_until_killed(emulator, signer)
        killed_port = emulator.port
        emulator.start()
        _check_kept(emulator, acknowledged)
        resumed = session.replace(str(killed_port), str(emulator.port))
        web.put(resumed, content=b"def", headers={"content-range": "bytes 3-5/6"})
        url = Sign(emulator.url, signer.credentials)(blob)
        assert web.get(url).content == b"abcdef"
    finally:
        emulator.end()


def _write_until_killed(emulator: Emulator, signer: Signer) -> dict[str, tuple[int, str]]:
    """Kill the emulator during uploads; return generation and digest of acknowledged objects."""
    acknowledged: dict[str, tuple[int, str]] = {}
    bucket = emulator.client().bucket("kept")
    signs = Sign(emulator.url, signer.credentials)
    with _send_half(emulator, "kept"), ThreadPoolExecutor(3) as pool:
        wait_until(lambda: bool(emulator.incoming()), what="the half to arrive")
        writers = [pool.submit(_write, bucket, signs, n, acknowledged) for n in range(3)]
        wait_until(lambda: len(acknowledged) > 3, what="some uploads to be acknowledged")
        emulator.end(signal.SIGKILL)
        for writing in writers:
            writing.result()
    assert emulator.incoming()
    # As if the process was killed between writing an object's bytes and its metadata.
    (emulator.data / "objects" / "1").write_bytes(b"orphan")
    return acknowledged


def _write(
    bucket: Bucket, signs: Sign, writer: int, acknowledged: dict[str, tuple[int, str]]
) -> None:
    """Upload until the emulator is gone and record what it acknowledged."""
    with httpx.Client(timeout=TIMEOUT_SECONDS) as http:
        for number in range(10_000):
            data = os.urandom(300_000)
            name = f"{writer}/{number % 5}"
            try:
                answer = http.put(signs(bucket.blob(name), "PUT"), content=data)
            except httpx.TransportError:
                return
            generation = int(answer.headers["x-goog-generation"])
            acknowledged[name] = (generation, hashlib.sha256(data).hexdigest())


def _send_half(emulator: Emulator, bucket: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", emulator.port))
    address = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name=half"
    head = f"POST {address} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n"
    connection.sendall(head.encode() + b"x" * 500_000)
    return connection


def _check_kept(emulator: Emulator, acknowledged: dict[str, tuple[int, str]]) -> None:
    bucket = emulator.client().bucket("kept")
    stored = {blob.name: blob for blob in bucket.list_blobs()}
    assert len(acknowledged) > 3
    # The killed process may have stored one more of each, unacknowledged; it must be complete.
    assert set(acknowledged) <= set(stored)
    for name, blob in stored.items():
        data = blob.download_as_bytes()
        assert len(data) == 300_000
        generation, digest = acknowledged.get(name, (0, ""))
        assert blob.generation >= generation
        if blob.generation == generation:
            assert hashlib.sha256(data).hexdigest() == digest
    files = [path for path in emulator.data.glob("objects/*") if path.is_file()]
    assert len(files) == len(stored)
    assert not emulator.incoming()
    later = put(bucket.blob("later"))
    assert later.generation > max(blob.generation for blob in stored.values())


@pytest.mark.emulates("Cloud Storage", "what is acknowledged is kept through kill -9")
def test_nothing_is_stored_when_the_sender_goes_away(emulator: Emulator, bucket: Bucket) -> None:
    with _send_half(emulator, bucket.name):
        wait_until(lambda: len(emulator.incoming()) == 1, what="the half to arrive")
    wait_until(lambda: not emulator.incoming(), what="the half to be deleted")
    assert not bucket.blob("half").exists()


@pytest.mark.emulates("Cloud Storage", "large objects in bounded memory")
def test_others_are_served_when_large_objects_move(tmp_path: Path, signer: Signer) -> None:
    signer_file = tmp_path / "signer.pem"
    signer_file.write_bytes(signer.public_key())
    emulator = Emulator(tmp_path / "data", signer_file).start()
    try:
        bucket = emulator.client().create_bucket("moved")
        piece = os.urandom(1024 * 1024)

        def pieces() -> Iterator[bytes]:
            for number in range(40):
                yield piece
                if number == 20:
                    _check_health(emulator)

        address = f"{emulator.url}/upload/storage/v1/b/moved/o?uploadType=media&name=large"
        web.post(address, content=pieces()).raise_for_status()
        large, doubled = bucket.blob("large"), bucket.blob("doubled")
        wait_until(
            lambda: _is_served_while(emulator, lambda: doubled.compose([large, large])),
            what="a request to be served while objects are composed",
        )
        assert doubled.size == 80 * 1024 * 1024
        address = f"{emulator.url}/storage/v1/b/moved/o/doubled?alt=media"
        with web.stream("GET", address) as answer:
            downloaded = answer.iter_bytes(1024 * 1024)
            next(downloaded)
            # No socket buffers the rest, so the emulator is in the middle of the upload.
            _check_health(emulator)
            assert sum(map(len, downloaded)) == 79 * 1024 * 1024
        assert emulator.process
        status = Path(f"/proc/{emulator.process.pid}/status").read_text(encoding="utf-8")
        (peak_kib,) = re.findall(r"VmHWM:\s+(\d+)", status)
        assert int(peak_kib) < 100_000
    finally:
        emulator.end()


def _is_served_while(emulator: Emulator, move: Callable[[], object]) -> bool:
    """Whether a request was served completely while a transfer was in progress."""
    is_served = False
    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(move)
        while not moving.done():
            if incoming := set(emulator.incoming()):
                _check_health(emulator)
                is_served |= incoming <= set(emulator.incoming())
        moving.result()
    return is_served


def _check_health(emulator: Emulator) -> None:
    assert web.get(f"{emulator.url}/healthz").status_code == 200
