"""Range reads and listings."""

import io
import os
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from google.api_core import exceptions
from google.cloud.storage import Bucket

from tests.integration.emulators.storage_emulator.emulator import Sign, put


@pytest.mark.emulates("Cloud Storage", "range reads, by the client and by signed GET")
@pytest.mark.parametrize(
    ("range_header", "status", "body"),
    [
        ("bytes=0-2", 206, b"012"),
        ("bytes=3-", 206, b"3456789"),
        ("bytes=-4", 206, b"6789"),
        ("bytes=-40", 206, b"0123456789"),
        ("bytes=8-99", 206, b"89"),
        ("bytes=10-", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=5-2", 200, b"0123456789"),
        pytest.param(
            "bytes=0-1,4-5",
            200,
            b"0123456789",
            marks=pytest.mark.emulates(
                "Cloud Storage", "several ranges at once", refused="200, the whole"
            ),
        ),
        ("lines=1-2", 200, b"0123456789"),
    ],
)
def test_signed_read_returns_the_requested_range(
    bucket: Bucket,
    sign: Sign,
    http: httpx.Client,
    range_header: str,
    status: int,
    body: bytes | None,
) -> None:
    url = sign(put(bucket.blob("digits"), b"0123456789"))
    answer = http.get(url, headers={"range": range_header})
    assert answer.status_code == status
    if status == 416:
        assert answer.headers["content-range"] == "bytes */10"
        assert "<Code>InvalidRange</Code>" in answer.text
    else:
        assert answer.content == body
    if status == 206:
        first = 10 - len(answer.content) if range_header != "bytes=0-2" else 0
        last = first + len(answer.content) - 1
        assert answer.headers["content-range"] == f"bytes {first}-{last}/10"


@pytest.mark.emulates("Cloud Storage", "range reads, by the client and by signed GET")
def test_client_reads_ranges_when_downloading_in_pieces(bucket: Bucket) -> None:
    data = os.urandom(700_000)
    blob = put(bucket.blob("pieces"), data)
    assert blob.download_as_bytes(start=10, end=19) == data[10:20]
    blob.chunk_size = 256 * 1024
    into = io.BytesIO()
    blob.download_to_file(into)
    assert into.getvalue() == data
    empty = put(bucket.blob("empty"), b"")
    assert empty.download_as_bytes() == b""
    with pytest.raises(exceptions.RequestRangeNotSatisfiable):
        blob.download_as_bytes(start=700_000)


@pytest.mark.emulates("Cloud Storage", "list objects by prefix, delimiter and offsets")
def test_listing_folds_folders_with_a_delimiter(bucket: Bucket) -> None:
    for name in ("a", "b/1", "b/2", "b/c/3", "d", "é"):
        put(bucket.blob(name), name)
    top = bucket.list_blobs(delimiter="/")
    assert [blob.name for blob in top] == ["a", "d", "é"]
    assert top.prefixes == {"b/"}
    inner = bucket.list_blobs(prefix="b/", delimiter="/")
    assert [blob.name for blob in inner] == ["b/1", "b/2"]
    assert inner.prefixes == {"b/c/"}
    between = bucket.list_blobs(start_offset="b/2", end_offset="d")
    assert [blob.name for blob in between] == ["b/2", "b/c/3"]


@pytest.mark.emulates("Cloud Storage", "list objects in pages")
def test_listing_continues_when_it_has_pages(bucket: Bucket) -> None:
    names = [f"{prefix}/{number}" for prefix in "abc" for number in range(3)] + ["z"]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: put(bucket.blob(name)), names))
    pages = bucket.list_blobs(page_size=4).pages
    assert [[blob.name for blob in page] for page in pages] == [names[:4], names[4:8], names[8:]]
    folded = bucket.list_blobs(delimiter="/", page_size=2)
    assert [blob.name for blob in folded] == ["z"]
    assert folded.prefixes == {"a/", "b/", "c/"}
    assert len(list(bucket.list_blobs(max_results=3))) == 3
