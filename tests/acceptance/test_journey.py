"""The main journey: a user queues a prompt; the image is generated, saved and downloaded."""

import io

from PIL import Image

from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient


def test_journey_from_prompt_to_library(user: UserClient) -> None:
    job_id = user.create_job("a red star on blue", seed=11, negative_prompt="rain")
    user.wait_for(job_id)
    asset = user.asset(job_id)
    picture = Image.open(io.BytesIO(user.fetch(asset["temp_storage_path"])))
    assert picture.format == "PNG"
    assert "a red star on blue" in picture.info["parameters"]
    assert "Negative prompt: rain" in picture.info["parameters"]
    assert "Seed: 11" in picture.info["parameters"]
    assert asset["generation_seed"] == 11
    thumbnail = Image.open(io.BytesIO(user.fetch(asset["thumbnail_path"])))
    assert thumbnail.format == "WEBP"

    saved = user.invoke("workspace-actions", {"action": "save_to_library", "assetId": asset["id"]})
    assert saved.status_code == 200, saved.text
    (kept,) = user.rows("user_library", user_id=f"eq.{user.id}")
    assert kept["id"] == saved.json()["libraryAssetId"]
    assert user.fetch(kept["storage_path"], "user-library") == user.fetch(
        asset["temp_storage_path"]
    )


def test_six_images_are_six_assets_with_seeds_of_their_own(user: UserClient) -> None:
    job_id = user.create_job(num_images=6, seed=100)
    user.wait_for(job_id)
    assets = user.rows("workspace_assets", job_id=f"eq.{job_id}", order="asset_index.asc")
    assert [asset["asset_index"] for asset in assets] == list(range(6))
    assert [asset["generation_seed"] for asset in assets] == list(range(100, 106))


def test_a_video_job_ends_with_a_clip(user: UserClient) -> None:
    job_id = user.create_job(job_type="video_fast")
    user.wait_for(job_id)
    asset = user.asset(job_id)
    assert asset["asset_type"] == "video"
    assert asset["mime_type"] == "video/mp4"
    assert user.fetch(asset["temp_storage_path"])[4:8] == b"ftyp"
    (job,) = user.rows("jobs", id=f"eq.{job_id}")
    assert job["job_type"] == "wan_video_fast"


def test_the_books_are_balanced_when_a_job_completes(noop: LocalSystem, user: UserClient) -> None:
    job_id = user.create_job(job_type="sdxl_image_high", num_images=3)
    user.wait_for(job_id)
    ledger = user.rows("credit_ledger", order="created_at.asc")
    assert [(entry["kind"], entry["amount"]) for entry in ledger] == [
        ("grant", 100),
        ("reserve", -6),
        ("settle", 0),
    ]
    (profile,) = user.rows("profiles")
    assert profile["token_balance"] == 94 == sum(entry["amount"] for entry in ledger)
    turns = noop.rows("select waiting, running from user_queues where user_id = %s", user.id)
    assert all(turn == {"waiting": 0, "running": 0} for turn in turns)


def test_a_signed_address_needs_no_token_and_serves_ranges(user: UserClient) -> None:
    job_id = user.create_job()
    user.wait_for(job_id)
    path = user.asset(job_id)["temp_storage_path"]
    signed = user.sign(path).json()["signedURL"]
    base = str(user.get("/healthz").request.url).removesuffix("/healthz")
    response = web.get(f"{base}/storage/v1{signed}", follow_redirects=True)
    part = web.get(
        f"{base}/storage/v1{signed}", headers={"range": "bytes=1-3"}, follow_redirects=True
    )
    assert (part.status_code, part.content) == (206, b"PNG")
    assert response.headers["content-type"] == "image/png"
