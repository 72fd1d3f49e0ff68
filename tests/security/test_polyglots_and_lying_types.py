"""Polyglots and wrong types: what is stored is a picture that was encoded here, or nothing."""

import struct

import httpx
import pytest

from tests.security import concurrency, malicious_files
from tests.security.malicious_files import MARK, Medium
from tests.security.tally import Corpora, Tally
from tests.support.http import web
from tests.support.images import RED
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker

_REFUSED = {400, 403, 413, 415, 422}
_CHUNKS = {b"IHDR", b"IDAT", b"IEND"}


def _chunks(content: bytes) -> set[bytes]:
    """Return the kinds of a PNG's chunks; fails where data follows the last chunk."""
    names, place = set(), 8
    while place < len(content):
        size, name = struct.unpack(">I4s", content[place : place + 8])
        names.add(name)
        place += 12 + size
        if name == b"IEND":
            assert place == len(content), "something follows the picture"
    return names


def _is_ours(answer: httpx.Response) -> bool:
    """Return whether a response is a plain re-encoded PNG with its content type."""
    content, content_type = answer.content, answer.headers["content-type"]
    is_picture = content.startswith(b"\x89PNG\r\n\x1a\n") and _chunks(content) == _CHUNKS
    return content_type == "image/png" and is_picture and MARK not in content


def test_uploads_are_re_encoded_or_refused(
    bare: LocalSystem, person: UserClient, corpora: Corpora, tally: Tally
) -> None:
    made = list(malicious_files.make(corpora.chance("media"), corpora.size(400, short=60)))

    def upload(client: httpx.Client, one: Medium) -> None:
        path = f"workspace-temp/{person.id}/uploads/{one.path}"
        headers = {"authorization": f"Bearer {person.token}", "content-type": one.content_type}
        base = f"{bare.base}/storage/v1/object"
        answer = client.post(f"{base}/{path}", content=one.content, headers=headers)
        if answer.status_code != 200:
            tally.answered(f"{one.name} as {one.content_type}", answer, _REFUSED)
            return
        response = client.get(
            f"{base}/{path}",
            headers={"authorization": f"Bearer {person.token}"},
            follow_redirects=True,
        )
        tally.refused(f"{one.name} as {one.content_type}", is_refused=_is_ours(response))

    concurrency.each(made, upload)


def test_references_are_re_encoded_or_refused(
    bare: LocalSystem, hand_worker: ScriptedWorker, corpora: Corpora, tally: Tally
) -> None:
    """A worker may report any file as a picture: it is treated as untrusted."""
    for medium in malicious_files.make(corpora.chance("references"), corpora.size(40, short=5)):
        if not medium.content:
            continue
        person = UserClient(bare)
        made = person.create_job()
        hand_worker.finish(made, medium.content)
        path = person.asset(made)["temp_storage_path"]
        body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a boat"}}
        answer = person.invoke("queue-job", {**body, "referenceImageUrl": path})
        if answer.status_code != 202:
            tally.answered(f"a reference {medium.name}", answer, {422})
            continue
        _, claim = hand_worker.claimed(answer.json()["job"]["id"])
        response = web.get(claim["references"][0]["url"])
        tally.refused(f"a reference {medium.name}", is_refused=_is_ours(response))


@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "image/png;x=text/html", "x/y"])
def test_a_worker_stores_no_other_type(
    person: UserClient, hand_worker: ScriptedWorker, tally: Tally, kind: str
) -> None:
    job_id = person.create_job()
    _, claim = hand_worker.claimed(job_id)
    place = claim["uploads"][0]
    for url, headers in (
        (place["putUrl"], place["headers"]),
        (place["thumbnailPutUrl"], place["thumbnailHeaders"]),
        (claim["previewPutUrl"], claim["previewHeaders"]),
        (claim["manifestPutUrl"], claim["manifestHeaders"]),
    ):
        answer = web.put(url, content=RED, headers={**headers, "content-type": kind})
        tally.answered(kind, answer, {400, 403})


def test_no_download_is_shown_as_a_page(
    bare: LocalSystem, person: UserClient, tally: Tally
) -> None:
    """File names or types in the URL do not change the response's type."""
    headers = {"authorization": f"Bearer {person.token}"}
    url = f"{bare.base}/storage/v1/object/workspace-temp/{person.id}/a.png"
    assert web.post(url, content=RED, headers=headers).status_code == 200
    signed = person.sign(f"{person.id}/a.png").json()["signedURL"]
    download_url = f"{bare.base}/storage/v1{signed}"
    for query in (
        *("download=a.html", "download=a%22%0d%0acontent-type:text/html", "download="),
        *("response-content-type=text/html", "contentType=text/html", "download=%3Cscript%3E"),
    ):
        answer = web.get(f"{download_url}&{query}", follow_redirects=True)
        content_type = answer.headers.get("content-type")
        is_safe = (
            answer.status_code == 200
            and content_type == "image/png"
            and "\n" not in str(answer.headers.get("content-disposition"))
        )
        tally.refused(f"{query}: {answer.headers}", is_refused=is_safe)
