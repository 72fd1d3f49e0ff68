"""Decompression bombs: data that expands without limit is refused before it is decompressed."""

import gzip
import json
import zlib
from pathlib import Path

import httpx
import pytest

from tests.security import malicious_files
from tests.security.tally import Corpora, Tally
from tests.support.http import web
from tests.support.local_system import TIMEOUT_SECONDS, LocalSystem, UserClient

_REFUSED = {400, 411, 413, 415, 422, 431}
_MAX_KB = 1024 * 1024
"""The memory of the functions that decode pictures, as the manifest sets it."""

_HARMLESS = {"many frames", "a million chunks"}
"""Still valid pictures: their first frame, without the rest, may be stored."""


def _max_memory(system: LocalSystem) -> int:
    """Return the most that the gateway and its picture decoder have ever used, in KB."""
    gateway = system.pids()["gateway"]
    children = [
        child
        for task in Path(f"/proc/{gateway}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    lines = [
        line
        for process in (gateway, *children)
        for line in Path(f"/proc/{process}/status").read_text().splitlines()
        if line.startswith("VmHWM:")
    ]
    return sum(int(line.split()[1]) for line in lines)


@pytest.fixture
def bombs(corpora: Corpora) -> list[tuple[str, bytes]]:
    made = malicious_files.bombs(corpora.chance("bombs"))
    return [one for one in made if len(one[1]) < 10 * 2**20]


def test_no_bomb_is_unpacked(
    bare: LocalSystem,
    person: UserClient,
    bombs: list[tuple[str, bytes]],
    corpora: Corpora,
    tally: Tally,
) -> None:
    headers = {"authorization": f"Bearer {person.token}", "content-type": "image/png"}
    for number, (name, content) in enumerate(corpora.some(bombs, short=8)):
        url = f"{bare.base}/storage/v1/object/workspace-temp/{person.id}/bombs/{number}.png"
        answer = web.post(url, content=content, headers=headers)
        # Four compressed texts are left compressed, and the picture itself is accepted.
        may = _REFUSED | ({200} if name in _HARMLESS or "unpack" in name else set())
        tally.answered(name, answer, may)
    if Path("/proc/self/status").exists():
        memory = _max_memory(bare)
        tally.refused(f"{memory} KB of memory", is_refused=memory < _MAX_KB)


def test_no_packed_body_is_unpacked(
    bare: LocalSystem, person: UserClient, corpora: Corpora, tally: Tally
) -> None:
    """Bodies are read without decompression: none of our clients sends a Content-Encoding."""
    body = json.dumps({"jobType": "sdxl_image_fast", "metadata": {"prompt": "a boat"}}).encode()
    large = body[:-2] + b" " * corpora.size(50_000_000, short=5_000_000) + body[-2:]
    packed = gzip.compress(large, 1)
    bodies = [
        ("gzip", packed),
        ("deflate", zlib.compress(large, 1)),
        ("br", b"\xce\xff\xff" * 20),
        ("gzip, gzip", gzip.compress(packed)),
        ("x", large[:100]),
    ]
    for function in ("queue-job", "workspace-actions", "enhance-prompt", "job-callback"):
        url = f"{bare.base}/functions/v1/{function}"
        for encoding, content in bodies:
            headers = {
                "authorization": f"Bearer {person.token}",
                "content-type": "application/json",
                "content-encoding": encoding,
            }
            answer = web.post(url, content=content, headers=headers)
            tally.answered(f"{encoding} at {function}", answer, {*_REFUSED, 401})
    assert person.rows("jobs") == []


def _deep(opening: str, inner: str, closing: str, times: int) -> str:
    return opening * times + inner + closing * times


def test_no_nested_or_endless_body_breaks_a_function(
    bare: LocalSystem, person: UserClient, corpora: Corpora, tally: Tally
) -> None:
    template = '{"jobType": "sdxl_image_fast", "metadata": {"prompt": "a boat", "x": HERE}}'
    bodies = [
        *(template.replace("HERE", _deep("[", "", "]", times)) for times in (300, 5000, 200_000)),
        *(
            template.replace("HERE", _deep('{"a":', "1", "}", times))
            for times in (300, 5000, 100_000)
        ),
        template.replace("HERE", "9" * 500_000),
        template.replace("HERE", "1e" + "9" * 1000),
        template.replace("HERE", "-" * 1000),
        template.replace("HERE", '"' + "\\u0000" * 100_000 + '"'),
        template.replace("HERE", '"' + "\\ud800" * 1000 + '"'),
        template.replace("HERE", "{" + ",".join(f'"k{n}": {n}' for n in range(60_000)) + "}"),
        template.replace("HERE", '"' + "x" * 2_000_000 + '"'),
        "[" * 900_000,
        '{"metadata":' * 70_000,
    ]
    names = ("queue-job", "workspace-actions", "playground-chat", "rest/workspace_sessions")
    with httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
        for body in corpora.some(bodies, short=8):
            for name in names:
                path = (
                    name.replace("rest/", "/rest/v1/") if "/" in name else f"/functions/v1/{name}"
                )
                headers = {
                    "authorization": f"Bearer {person.token}",
                    "content-type": "application/json",
                }
                answer = client.post(f"{bare.base}{path}", content=body, headers=headers)
                tally.answered(f"{body[:80]}... at {name}", answer, _REFUSED)


def test_no_form_of_many_parts_is_read(
    bare: LocalSystem, person: UserClient, corpora: Corpora, tally: Tally
) -> None:
    url = f"{bare.base}/storage/v1/object/workspace-temp/{person.id}/form.png"
    headers = {"authorization": f"Bearer {person.token}"}
    part = '--b\r\ncontent-disposition: form-data; name="x"\r\n\r\ny\r\n'
    forms = [
        part * 100_000 + "--b--\r\n",
        "--b\r\n" + "x: y\r\n" * 200_000,
        "--b\r\ncontent-disposition: form-data" + "; a=b" * 200_000 + "\r\n\r\nx\r\n--b--\r\n",
        "--b" * 500_000,
        "",
    ]
    boundaries = ("b", "", "b" * 5000, '"', "\u00e9")
    combinations = [(form, boundary) for form in forms for boundary in boundaries]
    for form, boundary in corpora.some(combinations, short=8):
        content_type = f"multipart/form-data; boundary={boundary}"
        request_headers = {**headers, "content-type": content_type.encode("latin-1")}
        answer = web.post(url, content=form.encode(), headers=request_headers)  # type: ignore[arg-type]
        tally.answered(f"{form[:40]!r} with {boundary[:10]!r}", answer, _REFUSED)
