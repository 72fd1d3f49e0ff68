"""The committed demo model, run by the worker's own code."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from gpu_workers.sdxl.pipeline import SdxlPipeline
from gpu_workers.sdxl.settings import SdxlSettings
from gpu_workers.training.demo_image.pixel_metrics import read
from shared.contracts.worker_protocol import AspectRatio
from tests.unit.sdxl.fixtures import drawn, loaded

MODEL = Path(__file__).parents[2] / "gpu_workers/demo/models/demo-sdxl"
MAX_BYTES = 6_000_000


@pytest.fixture(scope="module")
def demo() -> SdxlPipeline:
    """The demo model, loaded once."""
    return loaded(SdxlSettings(sdxl_model=str(MODEL), torch_threads=1))


def _picture(pipeline: SdxlPipeline, prompt: str, **changed: object) -> Image.Image:
    (media,) = drawn(pipeline, prompt=prompt, steps=15, **changed)
    return Image.open(io.BytesIO(media.content))


def test_the_colours_and_the_place_are_as_requested(demo: SdxlPipeline) -> None:
    measured = read(_picture(demo, "a red star at the top on a blue background"))
    assert (measured.background, measured.colour, measured.place) == (
        "blue",
        "red",
        "top",
    )


@pytest.mark.parametrize(("ratio", "size"), [("16:9", (128, 72)), ("9:16", (72, 128))])
def test_other_aspect_ratios_have_the_requested_background(
    demo: SdxlPipeline, ratio: AspectRatio, size: tuple[int, int]
) -> None:
    picture = _picture(demo, "a white circle on a green background", aspect_ratio=ratio)
    assert picture.size == size
    assert read(picture).background == "green"


def test_the_model_is_small_enough_to_be_committed() -> None:
    files = [file for file in MODEL.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < MAX_BYTES
    assert all(file.suffix != ".bin" for file in files)


def test_nothing_in_it_names_the_machine_it_was_made_on() -> None:
    for file in MODEL.rglob("*.json"):
        read_back = json.loads(file.read_text())
        assert not str(read_back.get("_name_or_path", "")).startswith("/"), file
