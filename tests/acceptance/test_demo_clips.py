"""Clips of the demo worker: through the whole system, with the real pipelines, over HTTP."""

import io
from collections.abc import Iterator

import av
import pytest
from PIL import Image

from tests.support.local_system import LocalSystem, UserClient

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    """A system whose worker also has a tiny image-to-video model."""
    from gpu_workers.wan.tiny_model import tiny_model  # noqa: PLC0415 - it takes seconds to import

    folder = tmp_path_factory.mktemp("clips")
    frames_model = tiny_model(folder / "models", "frames")
    system = LocalSystem(folder / "data", worker="demo", WAN_I2V_MODEL=str(frames_model))
    system.start()
    yield system
    assert system.stop() == 0


@pytest.fixture(scope="module")
def person(demo: LocalSystem) -> UserClient:
    return UserClient(demo)


def drawn(person: UserClient, prompt: str, **metadata: object) -> str:
    """Generate an image on the WAN queue and return its path."""
    job_id = person.create_job(prompt, job_type="image_fast", **metadata)
    person.wait_for(job_id)
    return str(person.asset(job_id)["temp_storage_path"])


def test_a_clip_of_a_prompt_can_be_watched(person: UserClient) -> None:
    job_id = person.create_job("a boat on the sea at sunset", job_type="wan_video_fast", seed=3)
    person.wait_for(job_id)
    asset = person.asset(job_id)
    with av.open(io.BytesIO(person.fetch(asset["temp_storage_path"])), "r") as file:
        assert file.metadata["comment"].startswith("a boat on the sea at sunset\nSteps: 25")
        (stream,) = file.streams.video
        count = sum(1 for _ in file.decode(stream))
        assert (stream.width, stream.height) == (asset["width"], asset["height"])
    assert count > 1
    assert asset["mime_type"] == "video/mp4"
    assert asset["duration_seconds"] == count / asset["generation_settings"]["fps"]
    thumbnail = Image.open(io.BytesIO(person.fetch(asset["thumbnail_path"])))
    assert (thumbnail.format, thumbnail.size) == ("WEBP", (asset["width"], asset["height"]))


def test_a_single_frame_is_a_picture(person: UserClient) -> None:
    path = drawn(person, "a boat on the sea", aspect_ratio="16:9")
    assert path.endswith(".png")
    image = Image.open(io.BytesIO(person.fetch(path)))
    assert image.format == "PNG"
    assert image.width > image.height
    assert image.info["parameters"].startswith("a boat on the sea\nSteps: 25")


def test_a_clip_goes_from_one_picture_to_another(person: UserClient) -> None:
    first, last = drawn(person, "a red star"), drawn(person, "a blue ring")
    body = {
        "jobType": "wan_video_fast",
        "metadata": {"prompt": "a star turns into a ring"},
        "startReferenceImageUrl": first,
        "endReferenceImageUrl": last,
    }
    answer = person.invoke("queue-job", body)
    assert answer.status_code == 202, answer.text
    job_id = answer.json()["job"]["id"]
    person.wait_for(job_id)
    used = person.asset(job_id)["generation_settings"]
    assert used["references"] == "first frame, last frame"


def test_unsupported_inputs_of_wan_fail_with_a_message_and_a_refund(person: UserClient) -> None:
    body = {
        "jobType": "wan_video_fast",
        "metadata": {"prompt": "a star", "reference_type": "style"},
        "referenceImageUrl": drawn(person, "a red star"),
    }
    job_id = person.invoke("queue-job", body).json()["job"]["id"]
    person.wait_for(job_id, "failed")
    (job,) = person.rows("jobs", id=f"eq.{job_id}")
    assert "Style" in job["error_message"]
    assert job["attempts"] == 1
    assert person.ledger()[-1] == "refund"
