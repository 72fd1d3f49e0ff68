"""Objects made from other objects: copy, rewrite, compose."""

from uuid import uuid4

import pytest
from google.api_core import exceptions
from google.cloud.storage import Bucket, Client

from tests.integration.emulators.storage_emulator.emulator import put


@pytest.mark.emulates("Cloud Storage", "copy and rewrite, with the conditions of source and target")
def test_copy_keeps_all_metadata_when_none_is_set(client: Client, bucket: Bucket) -> None:
    target = client.create_bucket(f"target-{uuid4().hex[:8]}")
    source = bucket.blob("source")
    source.metadata = {"job": "7"}
    put(source, b"content", content_type="image/webp")
    copy = bucket.copy_blob(source, target, "copied/one")
    assert copy.download_as_bytes() == b"content"
    assert (copy.content_type, copy.metadata) == ("image/webp", {"job": "7"})
    assert copy.generation > source.generation
    source.delete()
    assert copy.download_as_bytes() == b"content"


@pytest.mark.emulates("Cloud Storage", "copy and rewrite, with the conditions of source and target")
def test_copy_is_refused_when_a_condition_fails(bucket: Bucket) -> None:
    source = put(bucket.blob("source"))
    other = source.generation + 1
    for condition in (
        {"if_source_generation_match": other},
        {"if_source_generation_not_match": source.generation},
        {"if_source_metageneration_match": 2},
        {"if_generation_match": 1},
    ):
        with pytest.raises(exceptions.PreconditionFailed):
            bucket.copy_blob(source, bucket, "copy", **condition)
    with pytest.raises(exceptions.NotFound):
        bucket.copy_blob(source, bucket, "copy", source_generation=other)
    assert not bucket.blob("copy").exists()
    bucket.copy_blob(source, bucket, "copy", if_generation_match=0)
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.copy_blob(source, bucket, "copy", if_generation_match=0)


@pytest.mark.emulates("Cloud Storage", "copy and rewrite, with the conditions of source and target")
@pytest.mark.emulates("Cloud Storage", "rewrite in several calls", refused="done in one")
def test_rewrite_is_done_at_once_when_the_source_is_live(bucket: Bucket) -> None:
    source = put(bucket.blob("source"), b"content", content_type="image/webp")
    rewritten = bucket.blob("rewritten")
    assert rewritten.rewrite(source, if_generation_match=0) == (None, 7, 7)
    assert rewritten.content_type == "image/webp"
    changed = bucket.blob("changed")
    changed.content_type = "image/png"
    changed.rewrite(source, if_source_generation_match=source.generation)
    assert bucket.get_blob("changed").content_type == "image/png"
    with pytest.raises(exceptions.PreconditionFailed):
        rewritten.rewrite(source, if_generation_match=0)
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.blob("other").rewrite(source, if_source_generation_match=source.generation + 1)
    with pytest.raises(exceptions.NotFound):
        bucket.blob("other").rewrite(bucket.blob("missing"))


@pytest.mark.emulates("Cloud Storage", "compose, up to 32 sources")
def test_compose_joins_the_sources_when_all_are_live(bucket: Bucket) -> None:
    parts = [put(bucket.blob(f"part-{number}"), f"<{number}>") for number in range(3)]
    joined = bucket.blob("joined")
    joined.content_type = "video/mp4"
    joined.compose(parts, if_generation_match=0)
    assert joined.download_as_bytes() == b"<0><1><2>"
    assert (joined.component_count, joined.md5_hash) == (3, None)
    assert (joined.content_type, joined.size) == ("video/mp4", 9)
    with pytest.raises(exceptions.PreconditionFailed):
        joined.compose(parts, if_generation_match=0)
    with pytest.raises(exceptions.PreconditionFailed):
        joined.compose(parts, if_source_generation_match=[parts[0].generation, 1, None])
    with pytest.raises(exceptions.NotFound):
        joined.compose([parts[0], bucket.blob("missing")])
    with pytest.raises(exceptions.BadRequest):
        joined.compose([])


@pytest.mark.emulates("Cloud Storage", "compose, up to 32 sources")
def test_compose_takes_32_sources_at_most(bucket: Bucket) -> None:
    part = put(bucket.blob("part"), b"x")
    joined = bucket.blob("joined")
    joined.compose([part] * 32)
    assert (joined.size, joined.component_count) == (32, 32)
    with pytest.raises(exceptions.BadRequest):
        joined.compose([part] * 33)
