"""Signed uploads of more bytes than they are signed for."""

import socket
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

from shared.contracts.job_catalog import JOB_TYPES
from shared.contracts.worker_protocol import (
    MAX_MANIFEST_BYTES,
    MAX_PREVIEW_BYTES,
    MAX_THUMBNAIL_BYTES,
)
from tests.security.other_user import other_user
from tests.security.tally import Corpora, Tally
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker

_RANGE = "x-goog-content-length-range"
_REFUSED = {400, 403, 411, 413}
_ENDLESS = 10**12


class Target(NamedTuple):
    """An object that a claim may upload."""

    name: str
    url: str
    headers: dict[str, str]
    max_bytes: int

    @property
    def path(self) -> str:
        """The object's bucket and path."""
        return urlsplit(self.url).path.removeprefix("/")


def _targets(worker: ScriptedWorker, person: UserClient) -> list[Target]:
    _, claim = worker.claimed(person.create_job())
    (upload,) = claim["uploads"]
    asset_bytes = JOB_TYPES["sdxl_image_fast"].max_bytes
    return [
        Target("asset", upload["putUrl"], upload["headers"], asset_bytes),
        Target(
            "thumbnail",
            upload["thumbnailPutUrl"],
            upload["thumbnailHeaders"],
            MAX_THUMBNAIL_BYTES,
        ),
        Target("manifest", claim["manifestPutUrl"], claim["manifestHeaders"], MAX_MANIFEST_BYTES),
        Target("preview", claim["previewPutUrl"], claim["previewHeaders"], MAX_PREVIEW_BYTES),
    ]


def _changed_headers(target: Target) -> Iterator[dict[str, str]]:
    """Yield the upload's headers with the signed size removed or written differently."""
    rest = {name: value for name, value in target.headers.items() if name != _RANGE}
    yield rest
    for value in (
        f"1,{_ENDLESS}",
        f"0,{target.max_bytes}",
        f"1,{target.max_bytes + 1}",
        f"1,{target.max_bytes},{_ENDLESS}",
        "",
        "1,",
        f"{_ENDLESS}",
        "-1,-1",
    ):
        yield {**rest, _RANGE: value}
    yield {**rest, "x-goog-meta-content-length-range": f"1,{target.max_bytes}"}


def test_no_object_is_larger_than_it_was_signed_for(
    bare: LocalSystem,
    hand_worker: ScriptedWorker,
    person: UserClient,
    corpora: Corpora,
    tally: Tally,
) -> None:
    targets = _targets(hand_worker, person)
    excesses = corpora.some([1, 1000, 60_000_000], short=1)
    with other_user(bare, tally):
        for target in targets:
            for excess in excesses:
                for is_chunked in (False, True):
                    size = target.max_bytes + excess
                    content = _chunks(size) if is_chunked else b"x" * size
                    what = f"{target.name} of {size} bytes, chunked: {is_chunked}"
                    _put(what, target, target.headers, content, tally)
            for headers in _changed_headers(target):
                _put(f"{target.name} with {headers}", target, headers, b"x", tally)
            _put(f"empty {target.name}", target, target.headers, b"", tally)
    stored = bare.objects()
    for target in targets:
        tally.refused(f"{target.name} is stored", is_refused=target.path not in stored)


def test_an_endless_upload_is_refused_before_it_has_arrived(
    bare: LocalSystem, hand_worker: ScriptedWorker, person: UserClient, tally: Tally
) -> None:
    """The response arrives although the rest of the body never does."""
    for target in _targets(hand_worker, person):
        declared = {"content-length": str(_ENDLESS)}
        chunked = {"transfer-encoding": "chunked"}
        size = target.max_bytes + 1
        chunk = b"%x\r\n" % size + b"x" * size + b"\r\n"
        with other_user(bare, tally):
            for name, headers, body in (
                ("declared", declared, b""),
                ("declared, begun", declared, b"x" * 1000),
                ("chunked", chunked, chunk),
            ):
                status = _status_before_the_end(target, headers, body)
                tally.refused(f"{target.name}, {name}: {status}", is_refused=status in {400, 413})


def test_what_is_as_large_as_may_be_is_stored(
    bare: LocalSystem, hand_worker: ScriptedWorker, person: UserClient
) -> None:
    targets = _targets(hand_worker, person)
    for target in targets:
        answer = web.put(target.url, content=b"x" * target.max_bytes, headers=target.headers)
        assert answer.status_code == 200, (target.name, answer.text)
    assert {target.path for target in targets} <= bare.objects()


def _chunks(size: int) -> Iterator[bytes]:
    chunk = b"x" * 65536
    for start in range(0, size, len(chunk)):
        yield chunk[: size - start]


def _put(
    what: str,
    target: Target,
    headers: dict[str, str],
    content: bytes | Iterator[bytes],
    tally: Tally,
) -> None:
    try:
        answer = web.put(target.url, content=content, headers=headers)
    except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
        # The storage hung up while the body was being sent; what is stored is checked at the end.
        tally.refused(what, is_refused=True)
    else:
        tally.answered(what, answer, _REFUSED)


def _status_before_the_end(target: Target, headers: dict[str, str], body: bytes) -> int:
    """Return the status of a response to a request whose body never ends."""
    address = urlsplit(target.url)
    lines = {"host": address.netloc, **target.headers, **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    request = f"PUT {address.path}?{address.query} HTTP/1.1\r\n{head}\r\n".encode() + body
    with socket.create_connection((address.hostname or "", address.port or 80)) as connection:
        connection.sendall(request)
        return int(connection.makefile("rb").readline().split()[1])
