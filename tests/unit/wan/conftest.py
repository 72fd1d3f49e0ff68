"""Fixtures: the tiny WAN models, built once, and a pipeline over them."""

from pathlib import Path

import pytest

from gpu_workers.wan.pipeline import WanPipeline
from tests.unit.wan.fixtures import loaded


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def pipeline(models: Path) -> WanPipeline:
    return loaded(models, wan_frames=5)
