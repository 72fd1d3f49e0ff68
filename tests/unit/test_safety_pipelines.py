"""Weights that the pipelines declare: our own models are exempt, all others are not."""

from pathlib import Path

import pytest

from gpu_workers.runtime.safety import exemptions
from gpu_workers.runtime.safety.output_check import Safety, UncheckedModelError
from gpu_workers.runtime.safety.settings import SafetySettings
from gpu_workers.runtime.settings import MODEL_CACHE
from gpu_workers.sdxl import settings as of_sdxl
from gpu_workers.sdxl.pipeline import SdxlPipeline
from gpu_workers.wan import settings as of_wan
from gpu_workers.wan.pipeline import WanPipeline

DEMO = Path(__file__).parents[2] / "gpu_workers/demo/models/demo-sdxl"
LOCAL = SafetySettings(local_system=True)


@pytest.fixture(params=["sdxl", "wan"])
def tiny(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> object:
    """A pipeline over its tiny random models."""
    monkeypatch.setattr(of_sdxl, "sdxl", lambda: of_sdxl.SdxlSettings(model_cache=MODEL_CACHE))
    monkeypatch.setattr(of_wan, "wan", lambda: of_wan.WanSettings(model_cache=MODEL_CACHE))
    return SdxlPipeline() if request.param == "sdxl" else WanPipeline()


def sdxl(monkeypatch: pytest.MonkeyPatch, **settings: object) -> None:
    """Admit an SDXL pipeline over the demo model with these settings."""
    chosen = of_sdxl.SdxlSettings.model_validate(settings)
    monkeypatch.setattr(of_sdxl, "sdxl", lambda: chosen)
    Safety(LOCAL).admit(SdxlPipeline(DEMO))


def test_the_tiny_models_are_exempt(tiny: WanPipeline) -> None:
    Safety(LOCAL).admit(tiny)


def test_where_their_hashes_are_others_they_are_made_again(
    tiny: WanPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exemptions, "known_hashes", dict)
    Safety(LOCAL).admit(tiny)


def test_the_demo_model_is_exempt_and_nothing_that_is_added(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sdxl(monkeypatch)
    (tmp_path / "ink.safetensors").write_bytes(b"what somebody added")
    for name in ("sdxl_vae", "sdxl_controlnet", "sdxl_loras", "sdxl_ip_adapter"):
        with pytest.raises(UncheckedModelError):
            sdxl(monkeypatch, **{name: str(tmp_path)})
    for model in ("somebody/model", str(tmp_path)):
        with pytest.raises(UncheckedModelError, match="is not exempt from output checks"):
            sdxl(monkeypatch, sdxl_model=model)


def test_a_model_for_frames_that_is_not_ours_ends_the_exemption(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = of_wan.WanSettings(wan_i2v_model="somebody/model")
    monkeypatch.setattr(of_wan, "wan", lambda: chosen)
    with pytest.raises(UncheckedModelError):
        Safety(LOCAL).admit(WanPipeline())
