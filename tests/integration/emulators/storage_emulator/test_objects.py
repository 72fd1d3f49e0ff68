"""Objects: uploads, metadata, names and malformed requests."""

from datetime import UTC, datetime

import pytest
from google.api_core import exceptions
from google.cloud.storage import Bucket, Client

from tests.integration.emulators.storage_emulator.emulator import MD5_OF_BYTES, Emulator, put
from tests.support.http import web


@pytest.mark.emulates("Cloud Storage", "objects: upload, read, patch, replace, delete")
def test_object_metadata_is_returned_by_the_upload(client: Client, bucket: Bucket) -> None:
    blob = bucket.blob("photos/ü/1 %2F #.png")
    blob.metadata = {"job": "42"}
    blob.cache_control = "public, max-age=60"
    blob.content_disposition = "inline"
    before = datetime.now(UTC)
    put(blob, b"bytes", content_type="image/png", checksum="crc32c")
    after = datetime.now(UTC)
    found = client.bucket(bucket.name).get_blob(blob.name)
    assert (found.size, found.content_type, found.metadata) == (5, "image/png", {"job": "42"})
    assert (found.cache_control, found.content_disposition) == ("public, max-age=60", "inline")
    assert found.md5_hash == MD5_OF_BYTES
    assert found.generation > 1_600_000_000_000_000
    assert (found.metageneration, found.etag) == (1, blob.etag)
    assert before.replace(microsecond=0) <= found.time_created <= after
    assert found.crc32c == blob.crc32c
    assert found.download_as_bytes() == b"bytes"


@pytest.mark.emulates("Cloud Storage", "objects: upload, read, patch, replace, delete")
@pytest.mark.emulates("Cloud Storage", "older generations of an object", refused="404")
def test_object_is_replaced_when_uploaded_again(bucket: Bucket) -> None:
    first = put(bucket.blob("same"), b"one")
    second = put(bucket.blob("same"), b"two")
    assert second.generation > first.generation
    assert bucket.blob("same").download_as_bytes() == b"two"
    with pytest.raises(exceptions.NotFound):
        bucket.blob("same", generation=first.generation).download_as_bytes()
    with pytest.raises(exceptions.NotFound):
        bucket.blob("same", generation=first.generation).delete()


@pytest.mark.emulates("Cloud Storage", "objects: upload, read, patch, replace, delete")
def test_object_metadata_changes_when_patched(bucket: Bucket) -> None:
    blob = bucket.blob("patched")
    blob.metadata = {"keep": "1", "drop": "2"}
    put(blob, content_type="text/plain")
    blob.metadata = {"drop": None, "new": "3"}
    blob.content_type = "text/html"
    blob.patch(if_metageneration_match=1)
    found = bucket.get_blob("patched")
    assert (found.metadata, found.content_type) == ({"keep": "1", "new": "3"}, "text/html")
    assert (found.metageneration, found.generation) == (2, blob.generation)
    with pytest.raises(exceptions.PreconditionFailed):
        blob.patch(if_metageneration_match=1)


@pytest.mark.emulates("Cloud Storage", "objects: upload, read, patch, replace, delete")
def test_object_is_gone_when_deleted(bucket: Bucket) -> None:
    blob = put(bucket.blob("gone"))
    with pytest.raises(exceptions.PreconditionFailed):
        blob.delete(if_generation_match=blob.generation + 1)
    blob.delete(if_generation_match=blob.generation)
    assert not blob.exists()
    with pytest.raises(exceptions.NotFound, match=f"No such object: {bucket.name}/gone"):
        blob.delete()


@pytest.mark.emulates("Cloud Storage", "the JSON API's errors")
def test_missing_bucket_is_reported_when_an_object_is_requested(client: Client) -> None:
    with pytest.raises(exceptions.NotFound, match="The specified bucket does not exist"):
        client.bucket("no-such-bucket").blob("x").reload()


@pytest.mark.emulates("Cloud Storage", "uploads of media and multipart, with checksums")
def test_upload_is_refused_when_its_checksum_is_wrong(emulator: Emulator, bucket: Bucket) -> None:
    blob = bucket.blob("wrong")
    blob.md5_hash = MD5_OF_BYTES
    with pytest.raises(exceptions.BadRequest, match="doesn't match calculated"):
        put(blob, b"other", checksum=None)
    address = f"{emulator.url}/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=wrong"
    answer = web.post(address, content=b"other", headers={"x-goog-hash": "crc32c=AAAAAA=="})
    assert answer.status_code == 400
    assert not blob.exists()


@pytest.mark.emulates("Cloud Storage", "uploads of media and multipart, with checksums")
def test_bytes_alone_are_stored_when_the_upload_is_of_media(
    emulator: Emulator, bucket: Bucket
) -> None:
    address = f"{emulator.url}/upload/storage/v1/b/{bucket.name}/o?uploadType=media&name=a%2Fb"
    answer = web.post(address, content=b"bare", headers={"content-type": "text/css"})
    assert answer.json()["contentType"] == "text/css"
    assert bucket.blob("a/b").download_as_bytes() == b"bare"


@pytest.mark.emulates("Cloud Storage", "uploads of media and multipart, with checksums")
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/related; boundary=x", b"--x\r\n\r\n{not json\r\n--x\r\n\r\ndata\r\n--x--"),
        ("multipart/related; boundary=x", b"--x\r\n\r\n{}\r\n--x\r\n\r\nno end"),
        ("multipart/related; boundary=x", b'--x\r\n\r\n{"name": 5}\r\n--x\r\n\r\ndata\r\n--x--'),
        ("multipart/related; boundary=x", b'--x\r\n\r\n{"metadata": 5}\r\n--x\r\n\r\n\r\n--x--'),
        ("multipart/related; boundary=x", b'--x\r\n\r\n{"name":"\\ud800"}\r\n--x\r\n\r\n\r\n--x--'),
    ],
    ids=["not multipart", "not JSON", "no end", "name", "metadata", "surrogate"],
)
def test_multipart_upload_is_refused_when_malformed(
    emulator: Emulator, bucket: Bucket, content_type: str, body: bytes
) -> None:
    address = f"{emulator.url}/upload/storage/v1/b/{bucket.name}/o?uploadType=multipart"
    answer = web.post(address, content=body, headers={"content-type": content_type})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 400
    assert list(bucket.list_blobs()) == []


@pytest.mark.emulates("Cloud Storage", "the JSON API's errors")
def test_json_errors_have_their_shape_when_a_condition_fails(
    emulator: Emulator, bucket: Bucket
) -> None:
    put(bucket.blob("x"))
    address = f"{emulator.url}/storage/v1/b/{bucket.name}/o/x"
    answer = web.delete(address, params={"ifGenerationMatch": "1"})
    message = "At least one of the pre-conditions you specified did not hold."
    expected = {"domain": "global", "reason": "conditionNotMet", "message": message}
    expected |= {"locationType": "header", "location": "If-Match"}
    assert answer.status_code == 412
    assert answer.json() == {"error": {"code": 412, "message": message, "errors": [expected]}}
    assert web.delete(address, params={"ifGenerationMatch": "one"}).status_code == 400
    assert web.patch(address, content=b"{").status_code == 400
    assert web.get(f"{emulator.url}/storage/v1/b/{bucket.name}/o/%ff").status_code == 400
    assert web.get(f"{emulator.url}/storage/v1/nothing").json()["error"]["code"] == 404


@pytest.mark.emulates("Cloud Storage", "object names of every kind")
def test_object_names_stay_names_when_they_look_like_paths(
    emulator: Emulator, bucket: Bucket
) -> None:
    names = ["../../escape", "/etc/passwd", "a/../b", "x/compose", "x/rewriteTo/b/y/o/z", "a//b"]
    for name in names:
        put(bucket.blob(name), name)
    assert sorted(blob.name for blob in bucket.list_blobs()) == sorted(names)
    assert all(bucket.blob(name).download_as_text() == name for name in names)
    assert not list(emulator.data.parent.glob("**/escape"))


@pytest.mark.emulates("Cloud Storage", "object names of every kind")
@pytest.mark.parametrize("name", [".", "..", "line\nbreak", "n" * 1025, "ü" * 513])
def test_upload_is_refused_when_the_object_name_is_not_one(bucket: Bucket, name: str) -> None:
    with pytest.raises(exceptions.BadRequest):
        put(bucket.blob(name))
