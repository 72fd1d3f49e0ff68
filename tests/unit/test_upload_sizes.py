"""Upload limits cover everything that a worker can produce."""

import json
import random
from datetime import UTC, datetime
from uuid import uuid4

from PIL import Image
from pydantic import ValidationError

from gpu_workers.runtime.jobs import preview
from gpu_workers.runtime.media import images
from shared.contracts import webhook_signature
from shared.contracts.worker_protocol import (
    MAX_ASSETS,
    MAX_MANIFEST_BYTES,
    MAX_PREVIEW_BYTES,
    MAX_THUMBNAIL_BYTES,
    CallbackRequest,
    OutputCheck,
    ReportedAsset,
    Results,
    SignedManifest,
)


def _noise(side: int) -> Image.Image:
    """Return a picture that no encoder can compress."""
    content = random.Random(1).randbytes(side * side * 3)
    return Image.frombytes("RGB", (side, side), content)


def test_the_thumbnail_of_any_picture_is_within_its_limit() -> None:
    for side in (images.THUMBNAIL_SIDE, 1024):
        assert len(images.thumbnail(_noise(side))) < MAX_THUMBNAIL_BYTES
    assert images.THUMBNAIL_SIDE**2 * 3 < MAX_THUMBNAIL_BYTES


def test_the_preview_of_any_picture_is_within_its_limit() -> None:
    for side in (preview.MAX_SIDE, 1024):
        assert len(preview.encode(_noise(side))) < MAX_PREVIEW_BYTES
    assert preview.MAX_SIDE**2 * 3 < MAX_PREVIEW_BYTES


def test_the_largest_manifest_is_within_its_limit() -> None:
    """Six assets with the largest settings allowed, of the character that grows most in JSON."""
    size = 64 * 1024
    while (asset := _asset({"prompt": '"' * (size // 2)})) is None:
        size -= 1
    callback = CallbackRequest(
        job_id=uuid4(),
        user_id=uuid4(),
        claim_id=uuid4(),
        status="completed",
        results=Results(assets=[asset] * MAX_ASSETS),
        output_check=OutputCheck(kind="classifier", name="x" * 80),
        error_message='"' * 2000,
        metadata={"x": '"' * (size // 2 - 10)},
    )
    body = callback.model_dump_json(by_alias=True, exclude_none=True).encode()
    headers = webhook_signature.sign(
        webhook_signature.new_key(),
        worker_id="w" * 63,
        message_id="m" * 200,
        timestamp=int(datetime.now(UTC).timestamp()),
        body=body,
    )
    manifest = SignedManifest(headers=headers, body=body.decode())
    content = manifest.model_dump_json(by_alias=True).encode()
    assert json.loads(content)["body"] == body.decode()
    assert MAX_MANIFEST_BYTES // 2 < len(content) < MAX_MANIFEST_BYTES


def _asset(settings: dict[str, object]) -> ReportedAsset | None:
    try:
        return ReportedAsset(
            asset_type="image",
            temp_storage_path="x" * 1024,
            thumbnail_path="x" * 1024,
            file_size_bytes=1,
            mime_type="image/png",
            generation_settings=settings,
        )
    except ValidationError:
        return None
