"""Preconditions on generations, also with concurrent writers."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from google.api_core import exceptions
from google.cloud.storage import Bucket

from tests.integration.emulators.storage_emulator.emulator import Sign, put

pytestmark = pytest.mark.emulates(
    "Cloud Storage", "generation and metageneration conditions, also when many write at once"
)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("if_generation_match", True),
        ("if_generation_not_match", False),
        ("if_metageneration_match", True),
        ("if_metageneration_not_match", False),
    ],
)
def test_upload_follows_its_condition_when_the_object_exists(
    bucket: Bucket, condition: str, *, holds: bool
) -> None:
    blob = bucket.blob("x")
    for offset, allowed in ((0, holds), (1, not holds)):
        put(blob, "before")
        current = blob.generation if "if_generation" in condition else blob.metageneration
        preconditions = {condition: current + offset}
        if allowed:
            blob.upload_from_string("after", **preconditions)
        else:
            with pytest.raises(exceptions.PreconditionFailed):
                blob.upload_from_string("after", **preconditions)


def test_upload_is_refused_when_the_object_it_expects_is_missing(bucket: Bucket) -> None:
    for condition in ({"if_generation_match": 5}, {"if_metageneration_match": 1}):
        with pytest.raises(exceptions.PreconditionFailed):
            bucket.blob("x").upload_from_string("data", **condition)
    put(bucket.blob("x"), if_generation_match=0)


def test_read_is_not_repeated_when_the_generation_is_known(bucket: Bucket) -> None:
    blob = put(bucket.blob("x"))
    with pytest.raises(exceptions.NotModified):
        blob.reload(if_generation_not_match=blob.generation)
    with pytest.raises(exceptions.PreconditionFailed):
        blob.download_as_bytes(if_generation_match=blob.generation + 1)


def test_one_writer_wins_when_many_create_the_same_object(
    bucket: Bucket, sign: Sign, http: httpx.Client
) -> None:
    for round_number in range(4):
        blob = bucket.blob(f"race-{round_number}")
        url = sign(blob, "PUT", headers={"x-goog-if-generation-match": "0"})
        barrier = threading.Barrier(8)

        def write(number: int, url: str = url, barrier: threading.Barrier = barrier) -> int:
            barrier.wait()
            body = bytes([number]) * 100_000
            headers = {"x-goog-if-generation-match": "0"}
            return http.put(url, content=body, headers=headers).status_code

        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(write, range(8)))
        assert sorted(statuses) == [200] + [412] * 7
        assert blob.download_as_bytes() == bytes([statuses.index(200)]) * 100_000
