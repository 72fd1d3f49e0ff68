"""Frame count and size: rounded to what a model supports, from three sources."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from gpu_workers.wan.clip_format import ClipFormat, clip, round_frames, sides
from gpu_workers.wan.settings import WanSettings
from shared.contracts.worker_protocol import AspectRatio


@pytest.mark.parametrize(
    ("frames", "expected"),
    [(1, 1), (2, 1), (3, 5), (5, 5), (6, 5), (7, 9), (16, 17), (80, 81), (81, 81), (0, 1)],
)
def test_frames_are_rounded_to_the_nearest_that_wan_can_film(frames: int, expected: int) -> None:
    assert round_frames(frames, every=4) == expected


@pytest.mark.parametrize("frames", range(40))
@pytest.mark.parametrize("every", [1, 4, 8])
def test_no_count_of_the_right_kind_is_nearer(frames: int, every: int) -> None:
    found = round_frames(frames, every=every)
    assert (found - 1) % every == 0
    assert abs(found - frames) == min(abs(one - frames) for one in range(1, 80, every))


@pytest.mark.parametrize(
    ("ratio", "size"),
    [
        ("16:9", (832, 480)),
        ("9:16", (480, 832)),
        ("1:1", (640, 640)),
        ("4:3", (736, 544)),
        ("3:4", (544, 736)),
    ],
)
def test_wan_films_as_many_pixels_at_each_ratio(ratio: AspectRatio, size: tuple[int, int]) -> None:
    assert sides(ratio, side=ClipFormat().side, multiple=16) == size


@pytest.mark.parametrize("side", [16, 64, 96, 300, 632, 1000])
@pytest.mark.parametrize("multiple", [4, 16, 32, 48])
def test_sides_are_multiples_of_sixteen_and_of_the_models_own(side: int, multiple: int) -> None:
    for one in sides("16:9", side=side, multiple=multiple):
        assert one > 0
        assert one % multiple == one % 16 == 0


def test_a_model_without_a_size_of_its_own_is_wan_2_1(tmp_path: Path) -> None:
    assert clip(tmp_path, WanSettings()) == ClipFormat(frames=81, fps=16, side=632, shift=5.0)
    assert clip("Wan-AI/Wan2.1-T2V-1.3B-Diffusers", WanSettings()) == ClipFormat()


def test_a_models_folder_says_its_size_and_the_environment_says_it_better(tmp_path: Path) -> None:
    own = {"frames": 17, "fps": 8, "side": 96, "shift": None}
    (tmp_path / "clip.json").write_text(json.dumps(own))
    assert clip(tmp_path, WanSettings()).model_dump() == own
    settings = WanSettings(wan_frames=33, wan_fps=12, wan_side=64, wan_shift=3)
    assert clip(tmp_path, settings) == ClipFormat(frames=33, fps=12, side=64, shift=3)


@pytest.mark.parametrize(
    "text", ['{"frames": 0}', '{"fps": 0}', '{"side": 8}', '{"frame": 5}', "x"]
)
def test_a_size_that_makes_no_clip_is_not_taken(tmp_path: Path, text: str) -> None:
    (tmp_path / "clip.json").write_text(text)
    with pytest.raises(ValidationError):
        clip(tmp_path, WanSettings())


@pytest.mark.parametrize("name", ["wan_frames", "wan_fps", "wan_side", "wan_shift"])
def test_nothing_is_filmed_with_a_setting_of_zero(name: str) -> None:
    with pytest.raises(ValidationError):
        WanSettings.model_validate({name: "0"})
