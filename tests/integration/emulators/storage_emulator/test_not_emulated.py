"""Features of Cloud Storage that the emulator lacks: each is refused or plainly has no effect."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from google.api_core import exceptions
from google.cloud.storage import Blob, Bucket, Client

from tests.integration.emulators.storage_emulator.emulator import Emulator, Sign, put


def lacks(feature: str, refused: str, *values: object) -> object:
    """A case for a row of the table of features that are not emulated."""
    mark = pytest.mark.emulates("Cloud Storage", feature, refused=refused)
    return pytest.param(*values, id=feature, marks=mark)


def nowhere(feature: str, status: int, method: str, path: str) -> object:
    """A case where a status code is the whole refusal."""
    return lacks(feature, str(status), status, method, path)


@pytest.mark.parametrize(
    ("status", "method", "path"),
    [
        nowhere("IAM policies of buckets", 404, "GET", "/storage/v1/b/{bucket}/iam"),
        nowhere("ACLs of buckets", 404, "GET", "/storage/v1/b/{bucket}/acl"),
        nowhere("ACLs of objects", 404, "GET", "/storage/v1/b/{bucket}/o/x/acl"),
        nowhere("Pub/Sub notifications", 404, "POST", "/storage/v1/b/{bucket}/notificationConfigs"),
        nowhere("HMAC keys", 404, "POST", "/storage/v1/projects/local/hmacKeys"),
        nowhere("batches", 404, "POST", "/batch/storage/v1"),
        nowhere("managed folders", 404, "POST", "/storage/v1/b/{bucket}/managedFolders"),
        nowhere("PUT of a bucket or an object", 404, "PUT", "/storage/v1/b/{bucket}"),
        nowhere("moving an object", 404, "POST", "/storage/v1/b/{bucket}/o/x/moveTo/o/y"),
        nowhere("restoring an object", 404, "POST", "/storage/v1/b/{bucket}/o/x/restore"),
        nowhere("unsigned access by the XML API", 403, "GET", "/{bucket}/x"),
        nowhere("POST policies", 403, "POST", "/{bucket}"),
    ],
)
def test_address_leads_nowhere(
    emulator: Emulator, bucket: Bucket, http: httpx.Client, status: int, method: str, path: str
) -> None:
    put(bucket.blob("x"))
    answer = http.request(method, emulator.url + path.format(bucket=bucket.name), content=b"{}")
    assert answer.status_code == status


@pytest.mark.parametrize(
    "ask",
    [
        lacks("versions in a listing", "501", lambda b: list(b.list_blobs(versions=True))),
        lacks("glob patterns in a listing", "501", lambda b: list(b.list_blobs(match_glob="*"))),
        lacks("soft deletion", "501", lambda b: list(b.list_blobs(soft_deleted=True))),
        lacks("predefined ACLs", "501", lambda b: put(b.blob("x"), predefined_acl="publicRead")),
        lacks(
            "encryption with the caller's keys",
            "501",
            lambda b: put(b.blob("x", encryption_key=b"k" * 32)),
        ),
        lacks(
            "encryption with Cloud KMS",
            "501",
            lambda b: put(b.blob("x", kms_key_name="projects/p/locations/l/keyRings/r/keys/k")),
        ),
    ],
)
def test_request_is_refused_when_it_asks_for_more(
    bucket: Bucket, ask: Callable[[Bucket], object]
) -> None:
    with pytest.raises(exceptions.MethodNotImplemented, match="not emulated"):
        ask(bucket)
    assert list(bucket.list_blobs()) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        lacks("versioning of buckets", "501", "versioning_enabled", True),
        lacks("retention policies", "501", "retention_period", 60),
        lacks("holds by default", "501", "default_event_based_hold", True),
        lacks("default encryption keys", "501", "default_kms_key_name", "projects/p/keys/k"),
        lacks("storage classes", "501", "storage_class", "NEARLINE"),
    ],
)
def test_bucket_setting_is_refused(bucket: Bucket, name: str, value: object) -> None:
    setattr(bucket, name, value)
    with pytest.raises(exceptions.MethodNotImplemented, match="not emulated"):
        bucket.patch()
    assert bucket.client.get_bucket(bucket.name).metageneration == 1


@pytest.mark.emulates("Cloud Storage", "holds on objects", refused="501")
def test_object_setting_is_refused(bucket: Bucket) -> None:
    blob = put(bucket.blob("x"))
    blob.temporary_hold = True
    with pytest.raises(exceptions.MethodNotImplemented, match="not emulated"):
        blob.patch()
    assert bucket.get_blob("x").metageneration == 1


@pytest.mark.emulates("Cloud Storage", "deletion of sources by compose", refused="400")
def test_compose_keeps_its_sources(bucket: Bucket, emulator: Emulator, http: httpx.Client) -> None:
    put(bucket.blob("x"))
    body = {"sourceObjects": [{"name": "x"}], "deleteSourceObjects": True}
    address = f"{emulator.url}/storage/v1/b/{bucket.name}/o/y/compose"
    assert http.post(address, json=body).status_code == 400
    assert [blob.name for blob in bucket.list_blobs()] == ["x"]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        lacks("resumable upload by a signed URL", "405", {"method": "RESUMABLE"}, 405),
        lacks("V2 signatures", "403", {"method": "GET", "version": "v2"}, 403),
    ],
)
def test_signed_url_is_refused_when_of_another_kind(
    emulator: Emulator,
    bucket: Bucket,
    sign: Sign,
    http: httpx.Client,
    options: dict[str, str],
    status: int,
) -> None:
    blob: Blob = put(bucket.blob("x"))
    url = blob.generate_signed_url(
        expiration=timedelta(minutes=5),
        credentials=sign.credentials,
        api_access_endpoint=emulator.url,
        **({"version": "v4"} | options),
    )
    resumable = options["method"] == "RESUMABLE"
    headers = {"x-goog-resumable": "start"} if resumable else {}
    answer = http.request("POST" if resumable else "GET", url, headers=headers)
    assert answer.status_code == status


@pytest.mark.emulates("Cloud Storage", "lifecycle rules carried out", refused="kept and listed")
def test_lifecycle_rules_delete_nothing(client: Client, bucket: Bucket) -> None:
    put(bucket.blob("x"))
    bucket.add_lifecycle_delete_rule(age=0)
    bucket.patch()
    assert [rule["condition"] for rule in client.get_bucket(bucket.name).lifecycle_rules] == [
        {"age": 0}
    ]
    assert bucket.blob("x").exists()


@pytest.mark.emulates("Cloud Storage", "decompression of gzip content", refused="sent as stored")
def test_content_is_sent_as_stored(bucket: Bucket, emulator: Emulator, http: httpx.Client) -> None:
    blob = bucket.blob("x")
    blob.content_encoding = "gzip"
    put(blob, b"\x1f\x8bnot really")
    address = f"{emulator.url}/storage/v1/b/{bucket.name}/o/x?alt=media"
    with http.stream("GET", address, headers={"accept-encoding": "identity"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert b"".join(answer.iter_raw()) == b"\x1f\x8bnot really"


@pytest.mark.emulates("Cloud Storage", "tokens and rights in the JSON API", refused="not looked at")
def test_any_token_is_taken(bucket: Bucket, emulator: Emulator, http: httpx.Client) -> None:
    address = f"{emulator.url}/storage/v1/b/{bucket.name}"
    for headers in ({}, {"authorization": "Bearer anything"}):
        assert http.get(address, headers=headers).status_code == 200
