"""Start pictures of a clip or picture, and which models support them."""

import shutil
from pathlib import Path

import pytest

from gpu_workers.runtime.pipeline import PermanentError
from gpu_workers.wan import settings
from gpu_workers.wan.pipeline import WanPipeline
from gpu_workers.wan.settings import WanSettings
from tests.support.pipelines import generate_alone
from tests.unit.wan.fixtures import CLIP, PICTURE, frames, loaded, made, message, middle, reference


def test_first_and_last_frame_are_both_used(pipeline: WanPipeline) -> None:
    begun = [[], [reference("start")], [reference("start", "green")]]
    ended = [
        [reference("start"), reference("end", colour)] for colour in ("white", "black")
    ]  # fmt: skip
    filmed = [made(pipeline, CLIP, references) for references in (*begun, *ended)]
    assert len({frames(media).tobytes() for media in filmed}) == len(filmed)
    assert filmed[-1].settings["references"] == "first frame, last frame"
    assert filmed[-1].settings["model"] == "tiny-wan-frames-1"


def test_a_strength_that_means_nothing_to_a_first_frame_is_named(pipeline: WanPipeline) -> None:
    clip = made(pipeline, CLIP, [reference("start")], reference_strength=0.3)
    assert clip.settings["unused"] == ["reference_strength"]
    assert "reference_strength" not in clip.settings


def test_a_reference_is_redrawn_with_the_requested_strength(pipeline: WanPipeline) -> None:
    def drawn(colour: str, strength: float | None) -> tuple[bytes, int]:
        taken: list[int] = []
        job = message(PICTURE, reference_strength=strength, steps=4)
        references = [reference("reference", colour)]
        (media,) = generate_alone(pipeline, job, references, lambda _, steps: taken.append(steps))
        assert set(taken) == {len(taken)}
        return media.content, len(taken)

    assert drawn("red", 0.25)[1] == 3
    assert drawn("red", None) == drawn("red", 0.5)
    assert drawn("red", 1)[1] == 1
    assert drawn("red", 0.75)[0] != drawn("white", 0.75)[0]


def test_a_model_of_text_alone_refuses_a_first_frame(models: Path) -> None:
    from gpu_workers.wan.tiny_model import tiny_model  # noqa: PLC0415 - it takes seconds to import

    alone = loaded(models, wan_model=str(tiny_model(models)))
    with pytest.raises(PermanentError) as refused:
        made(alone, CLIP, [reference("start")])
    assert refused.value.code == "unsupported_reference"
    assert made(alone, steps=1).mime_type == "video/mp4"


@pytest.mark.parametrize(
    ("kind", "roles", "error"),
    [
        ("first", ["start"], None),
        ("first", ["start", "end"], "This worker's model does not support a last frame."),
        ("first_and_last", ["start", "end"], None),
        ("first_and_last", ["start"], "This worker's model needs a last frame as well."),
    ],
)
def test_a_model_that_reads_pictures_takes_as_many_as_it_knows(
    models: Path, kind: str, roles: list[str], error: str | None
) -> None:
    from gpu_workers.wan.tiny_model import tiny_model  # noqa: PLC0415 - it takes seconds to import

    own = tiny_model(models, kind)  # type: ignore[arg-type]
    pipeline = loaded(models, wan_frames=5, wan_i2v_model=str(own))
    references = [reference(role) for role in roles]  # type: ignore[arg-type]
    if error is None:
        others = [*references[:-1], reference(roles[-1], "white")]  # type: ignore[arg-type]
        assert middle(pipeline, references=references) != middle(pipeline, references=others)
        return
    with pytest.raises(PermanentError) as refused:
        made(pipeline, CLIP, references)
    assert refused.value.message == error


def test_a_worker_may_bring_a_model_for_where_none_is_configured(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = WanSettings(model_cache=models)
    monkeypatch.setattr(settings, "wan", lambda: chosen)
    assert WanPipeline().models == ["tiny-random-wan"]
    assert WanPipeline(models).models == [models.name]
    chosen = WanSettings(wan_model="a/film", wan_i2v_model="a/still")
    assert WanPipeline(models).models == ["a/film", "a/still"]


@pytest.mark.parametrize(
    "file",
    [
        "model_index.json",
        "transformer/diffusion_pytorch_model.safetensors",
        "tokenizer/tokenizer.json",
    ],
)
def test_a_folder_that_lacks_a_file_is_no_model(models: Path, tmp_path: Path, file: str) -> None:
    from gpu_workers.wan.tiny_model import tiny_model  # noqa: PLC0415 - it takes seconds to import

    folder = shutil.copytree(tiny_model(models), tmp_path / "model")
    (folder / file).unlink()
    with pytest.raises(FileNotFoundError, match="The model's folder lacks"):
        loaded(models, wan_model=str(folder))


def test_tiny_models_are_made_once_and_leave_nothing_else_behind(models: Path) -> None:
    from gpu_workers.wan.tiny_model import tiny_model  # noqa: PLC0415 - it takes seconds to import

    index = tiny_model(models) / "model_index.json"
    written = index.stat().st_mtime_ns
    assert tiny_model(models) == index.parent
    assert index.stat().st_mtime_ns == written
    assert all(path.name.startswith("tiny-wan-") for path in models.iterdir())
