"""Resumable uploads: chunks, progress, cancellation."""

import io
import os

import httpx
import pytest
from google.api_core import exceptions
from google.cloud.storage import Bucket

from tests.integration.emulators.storage_emulator.emulator import put

pytestmark = pytest.mark.emulates(
    "Cloud Storage", "resumable upload: chunks, progress, cancellation, conditions"
)


def test_resumable_upload_arrives_when_sent_in_chunks(bucket: Bucket) -> None:
    data = os.urandom(3 * 256 * 1024 + 17)
    blob = bucket.blob("resumed", chunk_size=256 * 1024)
    blob.metadata = {"job": "9"}
    blob.upload_from_file(io.BytesIO(data), content_type="video/mp4", if_generation_match=0)
    found = bucket.get_blob("resumed")
    assert (found.content_type, found.metadata) == ("video/mp4", {"job": "9"})
    assert found.download_as_bytes() == data
    assert put(bucket.blob("nothing", chunk_size=256 * 1024), b"").size == 0
    with pytest.raises(exceptions.PreconditionFailed):
        blob.upload_from_file(io.BytesIO(data), if_generation_match=0)


def test_resumable_upload_returns_its_progress(bucket: Bucket, http: httpx.Client) -> None:
    blob = bucket.blob("slow")
    address = blob.create_resumable_upload_session(content_type="text/plain")

    def send(content_range: str, body: bytes = b"") -> httpx.Response:
        return http.put(address, content=body, headers={"content-range": content_range})

    assert (send("bytes */*").status_code, "range" in send("bytes */6").headers) == (308, False)
    assert send("bytes 0-2/*", b"abc").headers["range"] == "bytes=0-2"
    assert send("bytes 5-5/6", b"f").status_code == 400
    assert send("bytes 1-3/6", b"bcd").headers["range"] == "bytes=0-3"
    assert send("bytes 4-9/6", b"efghij").status_code == 400
    assert not blob.exists()
    finished = send("bytes 4-5/6", b"ef")
    assert (finished.status_code, finished.json()["size"]) == (200, "6")
    assert send("bytes */6").json()["generation"] == finished.json()["generation"]
    assert blob.download_as_bytes() == b"abcdef"


def test_resumable_upload_is_forgotten_when_cancelled(bucket: Bucket, http: httpx.Client) -> None:
    address = bucket.blob("never").create_resumable_upload_session()
    http.put(address, content=b"abc", headers={"content-range": "bytes 0-2/6"})
    assert http.delete(address).status_code == 499
    again = http.put(address, content=b"def", headers={"content-range": "bytes 3-5/6"})
    assert again.status_code == 404
    assert not bucket.blob("never").exists()


def test_resumable_upload_is_refused_when_the_object_came_meanwhile(
    bucket: Bucket, http: httpx.Client
) -> None:
    blob = bucket.blob("late")
    address = blob.create_resumable_upload_session(if_generation_match=0)
    put(blob, b"first")
    answer = http.put(address, content=b"second")
    assert answer.status_code == 412
    assert blob.download_as_bytes() == b"first"
