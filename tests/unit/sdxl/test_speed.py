"""Speed settings: exact ones draw the same picture, lossy ones are declared in the output."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gpu_workers.sdxl.pipeline import SdxlPipeline
from gpu_workers.sdxl.settings import SdxlSettings
from tests.unit.sdxl.fixtures import difference, drawn, loaded, pixels, reference
from tests.unit.sdxl.test_references import RED


def _with(models: Path, **chosen: object) -> SdxlPipeline:
    values: Mapping[str, object] = {"model_cache": models, "torch_threads": 1, **chosen}
    return loaded(SdxlSettings.model_validate(values))


def _applied(unet: Any, name: str) -> bool:  # noqa: ANN401 - diffusers has no types
    """Return whether the setting is active; exact settings do not change the pictures."""
    import torch  # noqa: PLC0415 - it takes seconds to import

    if name == "sdxl_channels_last":
        return bool(unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last))
    if name == "sdxl_fused_qkv":
        return any(hasattr(module, "to_qkv") for module in unet.modules())
    return any(module._compiled_call_impl is not None for module in unet.modules())  # noqa: SLF001 - torch has no other word for it


def _draws_the_same(fast: SdxlPipeline, plain: SdxlPipeline, name: str) -> None:
    assert _applied(fast._model._pipe.unet, name)  # noqa: SLF001 - see there
    assert not _applied(plain._model._pipe.unet, name)  # noqa: SLF001 - the same
    (media,), (other,) = drawn(fast), drawn(plain)
    assert difference(media, other) <= 1
    assert "lossy" not in media.settings


@pytest.mark.parametrize("name", ["sdxl_channels_last", "sdxl_fused_qkv"])
def test_an_exact_setting_changes_nothing_that_is_seen(
    pipeline: SdxlPipeline, models: Path, name: str
) -> None:
    _draws_the_same(_with(models, **{name: True}), pipeline, name)


@pytest.mark.parametrize("added", ["sdxl_loras", "sdxl_ip_adapter"])
def test_a_setting_that_would_ignore_another_is_refused(added: str) -> None:
    with pytest.raises(ValidationError, match="would be ignored"):
        SdxlSettings.model_validate({"sdxl_fused_qkv": True, added: "/models/added"})


@pytest.mark.slow
def test_compiled_blocks_draw_the_same(pipeline: SdxlPipeline, models: Path) -> None:
    _draws_the_same(_with(models, sdxl_compile=True), pipeline, "sdxl_compile")


@pytest.mark.parametrize(
    ("chosen", "name"),
    [({"sdxl_fp8": True}, "fp8"), ({"sdxl_guidance_until": 0.5}, "guidance until 0.5")],
)
def test_a_lossy_setting_changes_the_picture_and_is_named_with_it(
    pipeline: SdxlPipeline, models: Path, chosen: dict[str, object], name: str
) -> None:
    (fast,) = drawn(_with(models, **chosen), num_images=1)
    assert pixels(fast) != pixels(drawn(pipeline)[0])
    assert fast.settings["lossy"] == [name]


def test_guidance_may_end_early_in_every_way_of_drawing(equipped: SdxlPipeline) -> None:
    model = equipped._model  # noqa: SLF001 - loading one more costs a second
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "_guidance_until", 0.5)
        for kind in (None, "composition", "style"):
            reference_image = reference(RED, kind)
            assert len(drawn(equipped, reference_image, reference_strength=0.5, steps=4)) == 1


def test_a_few_step_model_takes_its_own_steps_and_says_so(models: Path, tmp_path: Path) -> None:
    from gpu_workers.sdxl.tiny_model import tiny_model  # noqa: PLC0415 - it takes seconds to import

    folder = tmp_path / "lcm"
    shutil.copytree(tiny_model(models), folder)
    index = json.loads((folder / "model_index.json").read_text())
    index["scheduler"] = ["diffusers", "LCMScheduler"]
    (folder / "model_index.json").write_text(json.dumps(index))
    lcm = _with(models, sdxl_model=str(folder), sdxl_steps=2, sdxl_guidance=0)
    (media,) = drawn(lcm, steps=25, guidance_scale=7.5)
    chosen = [media.settings[name] for name in ("sampler", "steps", "guidance_scale")]
    assert chosen == ["LCM", 2, 0]


def test_a_vae_may_take_the_models_own_place(
    pipeline: SdxlPipeline, models: Path, tmp_path: Path
) -> None:
    import torch  # noqa: PLC0415 - it takes seconds to import
    from diffusers import AutoencoderKL  # noqa: PLC0415 - the same

    from gpu_workers.sdxl.tiny_model import tiny_model  # noqa: PLC0415 - the same

    vae = AutoencoderKL.from_pretrained(tiny_model(models), subfolder="vae")
    with torch.no_grad():
        vae.decoder.conv_out.bias += 0.5
    vae.save_pretrained(tmp_path)
    (other,) = drawn(_with(models, sdxl_vae=str(tmp_path)))
    assert difference(other, drawn(pipeline)[0]) > 20


@pytest.mark.parametrize(
    "lacking",
    [
        "model_index.json",
        "unet/config.json",
        "vae/diffusion_pytorch_model.safetensors",
        "tokenizer",
        "text_encoder_2",
        "scheduler",
    ],
)
def test_a_folder_that_lacks_a_file_is_no_model(models: Path, tmp_path: Path, lacking: str) -> None:
    from gpu_workers.sdxl.tiny_model import tiny_model  # noqa: PLC0415 - it takes seconds to import

    folder = tmp_path / "broken"
    shutil.copytree(tiny_model(models), folder)
    found = folder / lacking
    shutil.rmtree(found) if found.is_dir() else found.unlink()
    with pytest.raises(FileNotFoundError, match="The model's folder lacks"):
        _with(models, sdxl_model=str(folder))
