"""Valid signed URLs and the parameters and headers that they may carry."""

import hashlib

import httpx
import pytest
from google.cloud.storage import Bucket

from tests.integration.emulators.storage_emulator.emulator import MD5_OF_BYTES, Sign, put


@pytest.mark.emulates("Cloud Storage", "signed GET, HEAD, PUT and DELETE (V4, RSA)")
def test_signed_urls_do_everything_when_untouched(
    bucket: Bucket, sign: Sign, http: httpx.Client
) -> None:
    blob = bucket.blob("ü/a b+c~(1)*'!.png")
    headers = {"content-type": "image/png", "x-goog-meta-job": "42"}
    put = http.put(sign(blob, "PUT", headers=dict(headers)), content=b"pixels", headers=headers)
    found = bucket.get_blob(blob.name)
    assert put.headers["x-goog-generation"] == str(found.generation)
    assert put.headers["x-goog-hash"] == f"crc32c={found.crc32c},md5={found.md5_hash}"
    assert put.headers["etag"] == f'"{hashlib.md5(b"pixels").hexdigest()}"'  # noqa: S324 - the ETag is an MD5
    assert found.metadata == {"job": "42"}
    get = http.get(sign(blob))
    head = http.head(sign(blob, "HEAD"))
    assert (get.content, head.content) == (b"pixels", b"")
    for name in ("content-type", "content-length", "etag", "x-goog-hash", "x-goog-meta-job"):
        assert get.headers[name] == head.headers[name]
    assert http.get(sign(blob), headers={"if-none-match": get.headers["etag"]}).status_code == 304
    assert http.delete(sign(blob, "DELETE")).status_code == 204
    missing = http.get(sign(blob))
    assert (missing.status_code, "<Code>NoSuchKey</Code>" in missing.text) == (404, True)


@pytest.mark.emulates("Cloud Storage", "signed GET with another content type and disposition")
def test_signed_read_overrides_headers_on_request(
    bucket: Bucket, sign: Sign, http: httpx.Client
) -> None:
    blob = put(bucket.blob("x"), content_type="image/png")
    disposition = 'attachment; filename="Bild ü & 画.png"'
    url = sign(blob, response_disposition=disposition, response_type="application/x-y")
    answer = http.get(url)
    assert answer.headers["content-type"] == "application/x-y"
    raw = dict(answer.headers.raw)[b"content-disposition"]
    assert raw.decode() == disposition
    split = http.get(sign(blob, response_disposition="a\r\nset-cookie: b"))
    assert (split.status_code, "set-cookie" in split.headers) == (200, False)


@pytest.mark.emulates("Cloud Storage", "signed GET with another content type and disposition")
@pytest.mark.emulates("Cloud Storage", "range reads, by the client and by signed GET")
def test_signed_read_overrides_headers_of_a_range(
    bucket: Bucket, sign: Sign, http: httpx.Client
) -> None:
    blob = put(bucket.blob("x"), b"0123456789", content_type="video/mp4")
    url = sign(blob, response_disposition="attachment", response_type="video/x-y")
    answer = http.get(url, headers={"range": "bytes=2-4"})
    assert (answer.status_code, answer.content) == (206, b"234")
    assert answer.headers["content-range"] == "bytes 2-4/10"
    assert answer.headers["content-type"] == "video/x-y"
    assert answer.headers["content-disposition"] == "attachment"


@pytest.mark.emulates("Cloud Storage", "signed GET of a generation")
def test_signed_read_selects_the_generation_when_named(
    bucket: Bucket, sign: Sign, http: httpx.Client
) -> None:
    blob = put(bucket.blob("x"))
    assert http.get(sign(blob, generation=str(blob.generation))).status_code == 200
    assert http.get(sign(blob, generation=str(blob.generation - 1))).status_code == 404


@pytest.mark.emulates("Cloud Storage", "signed PUT with a generation condition")
def test_signed_upload_replaces_nothing_with_a_precondition(
    bucket: Bucket, sign: Sign, http: httpx.Client
) -> None:
    headers = {"x-goog-if-generation-match": "0"}
    url = sign(bucket.blob("once"), "PUT", headers=dict(headers))
    assert http.put(url, content=b"first", headers=headers).status_code == 200
    again = http.put(url, content=b"second", headers=headers)
    assert (again.status_code, "<Code>PreconditionFailed</Code>" in again.text) == (412, True)
    assert (
        http.put(url, content=b"third", headers={"x-goog-if-generation-match": "1"}).status_code
        == 403
    )
    assert bucket.blob("once").download_as_bytes() == b"first"


@pytest.mark.emulates("Cloud Storage", "signed PUT within x-goog-content-length-range")
@pytest.mark.parametrize(
    ("size", "code"), [(4, "EntityTooSmall"), (5, ""), (10, ""), (11, "EntityTooLarge")]
)
@pytest.mark.parametrize("chunked", [False, True])
def test_signed_upload_keeps_to_its_range_when_signed_with_one(
    bucket: Bucket, sign: Sign, http: httpx.Client, size: int, code: str, *, chunked: bool
) -> None:
    headers = {"x-goog-content-length-range": "5,10"}
    url = sign(bucket.blob("x"), "PUT", headers=dict(headers))
    content = iter([b"x"] * size) if chunked else b"x" * size
    answer = http.put(url, content=content, headers=headers)
    assert answer.status_code == (400 if code else 200)
    assert code in answer.text
    assert bucket.blob("x").exists() == (not code)


@pytest.mark.emulates("Cloud Storage", "signed PUT with a checksum")
def test_signed_upload_is_refused_when_its_digest_is_wrong(
    bucket: Bucket, sign: Sign, http: httpx.Client
) -> None:
    headers = {"x-goog-hash": "md5=" + MD5_OF_BYTES}
    url = sign(bucket.blob("x"), "PUT", headers=dict(headers))
    answer = http.put(url, content=b"other", headers=headers)
    assert (answer.status_code, "<Code>BadDigest</Code>" in answer.text) == (400, True)
    assert http.put(url, content=b"bytes", headers=headers).status_code == 200
