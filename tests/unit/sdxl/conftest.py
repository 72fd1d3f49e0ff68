"""Fixtures: the tiny SDXL pipeline, plain and with adapters, each loaded once a session."""

from pathlib import Path

import pytest

from gpu_workers.sdxl import settings
from gpu_workers.sdxl.pipeline import SdxlPipeline
from tests.unit.sdxl import tiny_adapters
from tests.unit.sdxl.fixtures import loaded


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tiny model."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def pipeline(models: Path) -> SdxlPipeline:
    """The tiny model without adapters."""
    return loaded(settings.SdxlSettings(model_cache=models, torch_threads=1))


class Loaded(SdxlPipeline):
    """A pipeline that shares the model of another, which is loaded already."""

    def __init__(self, loaded_pipeline: SdxlPipeline) -> None:
        self.__dict__ |= vars(loaded_pipeline)

    def load(self) -> None:
        """Do nothing: the model is loaded already."""


@pytest.fixture
def loaded_once(pipeline: SdxlPipeline) -> SdxlPipeline:
    """A pipeline for a worker that calls ``load`` again."""
    return Loaded(pipeline)


@pytest.fixture(scope="session")
def equipped(models: Path) -> SdxlPipeline:
    """The tiny model with a ControlNet, an IP-Adapter and two LoRAs, in batches of four."""
    from gpu_workers.sdxl.tiny_model import tiny_model  # noqa: PLC0415 - it takes seconds to import

    model, loras = tiny_model(models), models / "loras"
    loras.mkdir()
    for name in ("ink", "watercolour"):
        tiny_adapters.lora(model, loras / f"{name}.safetensors")
    return loaded(
        settings.SdxlSettings(
            model_cache=models,
            torch_threads=1,
            sdxl_controlnet=str(tiny_adapters.controlnet(model, models / "controlnet")),
            sdxl_ip_adapter=tiny_adapters.ip_adapter(model, models / "adapter"),
            sdxl_loras=loras,
            sdxl_max_batch=4,
        )
    )
