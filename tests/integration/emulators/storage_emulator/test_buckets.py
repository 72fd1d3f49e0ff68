"""Buckets and their configuration, by the real client."""

from uuid import uuid4

import httpx
import pytest
from google.api_core import exceptions
from google.cloud.storage import Bucket, Client

from tests.integration.emulators.storage_emulator.emulator import ORIGIN, Emulator, put


@pytest.mark.emulates(
    "Cloud Storage", "bucket labels, CORS and lifecycle rules: set, read, removed"
)
@pytest.mark.emulates("Cloud Storage", "lifecycle rules: listed")
def test_bucket_keeps_its_configuration_when_patched(client: Client, bucket: Bucket) -> None:
    bucket.cors = [{"origin": [ORIGIN], "method": ["GET"], "responseHeader": ["ETag"]}]
    bucket.add_lifecycle_delete_rule(age=7, matches_prefix=["tmp/"])
    bucket.labels = {"team": "media"}
    bucket.patch()
    found = client.get_bucket(bucket.name)
    assert found.cors[0]["origin"] == [ORIGIN]
    assert [rule["condition"]["age"] for rule in found.lifecycle_rules] == [7]
    assert found.labels == {"team": "media"}
    assert found.metageneration == 2
    found.clear_lifecycle_rules()
    found.patch()
    assert list(client.get_bucket(bucket.name).lifecycle_rules) == []


@pytest.mark.emulates("Cloud Storage", "metageneration conditions on buckets")
def test_bucket_patch_is_refused_when_another_came_first(client: Client, bucket: Bucket) -> None:
    stale = client.get_bucket(bucket.name)
    bucket.labels = {"first": "yes"}
    bucket.patch()
    stale.labels = {"second": "no"}
    with pytest.raises(exceptions.PreconditionFailed):
        stale.patch(if_metageneration_match=1)


@pytest.mark.emulates("Cloud Storage", "create and delete buckets, with the conflicts")
def test_bucket_creation_conflicts_when_the_name_is_taken(client: Client, bucket: Bucket) -> None:
    with pytest.raises(exceptions.Conflict):
        client.create_bucket(bucket.name)


@pytest.mark.emulates("Cloud Storage", "create and delete buckets, with the conflicts")
@pytest.mark.parametrize("name", ['"A"', '"a/b"', "null", "5", '"\\ud800"'])
def test_bucket_creation_is_refused_when_the_name_is_not_one(
    emulator: Emulator, http: httpx.Client, name: str
) -> None:
    answer = http.post(f"{emulator.url}/storage/v1/b", content=f'{{"name": {name}}}')
    assert answer.status_code == 400


@pytest.mark.emulates(
    "Cloud Storage", "bucket labels, CORS and lifecycle rules: set, read, removed"
)
@pytest.mark.parametrize(
    "cors",
    ["0", "{}", "[5]", '[{"origin": "*"}]', '[{"method": [5]}]', '[{"responseHeader": ["a\\nb"]}]'],
)
def test_bucket_rules_are_refused_when_they_are_not_rules(
    emulator: Emulator, bucket: Bucket, http: httpx.Client, cors: str
) -> None:
    address = f"{emulator.url}/storage/v1/b/{bucket.name}"
    assert http.patch(address, content=f'{{"cors": {cors}}}').status_code == 400


@pytest.mark.emulates("Cloud Storage", "create and delete buckets, with the conflicts")
def test_bucket_deletion_conflicts_when_it_is_not_empty(client: Client, bucket: Bucket) -> None:
    blob = put(bucket.blob("one"))
    with pytest.raises(exceptions.Conflict):
        bucket.delete()
    blob.delete()
    bucket.delete()
    assert client.lookup_bucket(bucket.name) is None


@pytest.mark.emulates("Cloud Storage", "list buckets by prefix, in pages")
def test_buckets_are_listed_in_pages_when_there_are_many(client: Client) -> None:
    prefix = f"many-{uuid4().hex[:8]}-"
    names = [client.create_bucket(f"{prefix}{number}").name for number in range(5)]
    listed = client.list_buckets(prefix=prefix, page_size=2)
    assert [[found.name for found in page] for page in listed.pages] == [
        names[:2],
        names[2:4],
        names[4:],
    ]
