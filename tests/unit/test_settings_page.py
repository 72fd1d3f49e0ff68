"""docs/guides/configuration.md has every setting, as the settings classes define them."""

import importlib

import pytest
from pydantic import BaseModel

from infra.settings_page import PAGE, page
from shared.settings import Settings
from shared.telemetry.settings import TelemetrySettings


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run python -m infra.settings_page"


def test_every_setting_of_the_functions_has_a_row() -> None:
    for name in Settings.model_fields:
        assert f"\n| `{name.upper()}` |" in page()


@pytest.mark.parametrize("module", ["sdxl.settings", "wan.settings", "runtime.settings"])
def test_every_setting_of_a_workers_module_has_a_row(module: str) -> None:
    text = page()
    for model in vars(importlib.import_module(f"gpu_workers.{module}")).values():
        if isinstance(model, type) and issubclass(model, BaseModel):
            for name in model.model_fields:
                assert f"\n| `{name.upper()}` |" in text


def test_a_row_has_default_unit_and_meaning() -> None:
    (row,) = [line for line in page().splitlines() if line.startswith("| `LEASE_SECONDS` ")]
    _, _, default, unit, meaning, _ = row.split("|")
    assert (default.strip(), unit.strip()) == ("`60`", "seconds, > 0")
    assert meaning.strip().endswith(".")


def test_no_row_shows_this_machines_paths() -> None:
    assert "| `.local/models` |" in page()


def test_the_telemetry_settings_stand_once() -> None:
    for name in TelemetrySettings.model_fields.keys() - {"k_service"}:
        assert page().count(f"\n| `{name.upper()}` |") == 1
