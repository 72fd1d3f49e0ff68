"""Exemptions from the output check: models known by hash, in the local system only."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from gpu_workers.noop import pipeline as noop
from gpu_workers.noop.pipeline import NoopPipeline
from gpu_workers.runtime.safety import exemptions
from gpu_workers.runtime.safety.exemptions import Weights
from gpu_workers.runtime.safety.output_check import Safety, UncheckedModelError
from gpu_workers.runtime.safety.settings import SafetySettings
from gpu_workers.runtime.settings import load_settings
from tests.unit.worker_fixtures import Together

LOCAL = SafetySettings(local_system=True)
MODELS = Path(__file__).parents[2] / "gpu_workers/demo/models"
COMMITTED = {"noop": Path(noop.__file__).with_name("clip.mp4")} | {
    folder.name: folder for folder in MODELS.iterdir() if exemptions.digest(folder)
}


@pytest.mark.parametrize("name", COMMITTED)
def test_a_committed_model_is_exempt_by_its_hash(name: str) -> None:
    known = exemptions.known_hashes().get(name)
    command = f"python -m gpu_workers.runtime.safety.exemptions {name} {COMMITTED[name]}"
    hint = f"`{command}` writes the hash"
    assert known == exemptions.digest(COMMITTED[name]), hint


def test_every_exemption_is_of_a_model_of_ours() -> None:
    others = exemptions.known_hashes().keys() - COMMITTED.keys()
    assert all(name.startswith("tiny-") for name in others)


def test_without_a_checker_nothing_is_served_beyond_the_local_system() -> None:
    with pytest.raises(UncheckedModelError, match="OUTPUT_CHECKER"):
        Safety(SafetySettings()).load()
    with pytest.raises(UncheckedModelError, match="OUTPUT_CHECKER"):
        Safety(SafetySettings()).admit(NoopPipeline())


def test_the_local_system_is_not_in_the_cloud() -> None:
    with pytest.raises(ValidationError, match="local_system"):
        SafetySettings(local_system=True, k_service="worker-sdxl")


def test_a_classifier_without_labels_is_no_checker(tmp_path: Path) -> None:
    for refuses in ("{}", '{"nsfw": {"zorp": 0.5}}', '{"sfw": {}}'):
        values = {"output_classifier": tmp_path, "output_classifier_thresholds": refuses}
        with pytest.raises(ValidationError, match="a label for sfw"):
            SafetySettings.model_validate(values)


def test_settings_that_are_not_usable_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTPUT_CLASSIFIER", "/models/classifier")
    with pytest.raises(SystemExit, match="OUTPUT_CLASSIFIER_THRESHOLDS must name a label"):
        load_settings(SafetySettings)


class Weighing(Together):
    """A pipeline that declares weights."""

    def __init__(self, *weights: Weights) -> None:
        super().__init__()
        self.weights = list(weights)


def test_in_the_local_system_only_what_is_known_is_exempt(tmp_path: Path) -> None:
    clip = next(iter(NoopPipeline().weights))
    (tmp_path / "model.safetensors").write_bytes(b"weights of another model")
    other = Weights(tmp_path)
    Safety(LOCAL).admit(NoopPipeline())
    Safety(LOCAL).admit(Weighing(clip))
    for weights in ([], [other], [clip, other], [clip, Weights.named("somebody/model")]):
        with pytest.raises(UncheckedModelError, match="is not exempt from output checks"):
            Safety(LOCAL).admit(Weighing(*weights))
    with pytest.raises(UncheckedModelError):
        Safety(LOCAL).admit(Together())


def test_one_byte_that_differs_ends_the_exemption(tmp_path: Path) -> None:
    clip = next(iter(NoopPipeline().weights)).path
    assert clip is not None
    copy = tmp_path / clip.name
    copy.write_bytes(clip.read_bytes())
    assert exemptions.digest(copy) == exemptions.digest(clip)
    copy.write_bytes(clip.read_bytes()[:-1] + b"?")
    with pytest.raises(UncheckedModelError):
        Safety(LOCAL).admit(Weighing(Weights(copy)))


def test_what_was_never_admitted_is_not_looked_at_lightly() -> None:
    with pytest.raises(UncheckedModelError):
        Safety(LOCAL).inspection(NoopPipeline(), "sfw")


def test_what_our_code_makes_again_is_known_by_that(tmp_path: Path) -> None:
    def made(folder: Path) -> Path:
        (folder / "model.safetensors").write_bytes(b"made by code")
        return folder

    there = made(tmp_path)
    Safety(LOCAL).admit(Weighing(Weights(there, made)))
    (there / "more.safetensors").write_bytes(b"and more")
    with pytest.raises(UncheckedModelError):
        Safety(LOCAL).admit(Weighing(Weights(there, made)))


def test_a_hash_is_written_under_its_models_name(tmp_path: Path) -> None:
    file, model = tmp_path / "exempt.json", tmp_path / "model"
    file.write_text("{}\n")
    model.mkdir()
    with pytest.raises(ValueError, match="no weights"):
        exemptions.record("ours", model, file)
    (model / "model.safetensors").write_bytes(b"weights")
    found = exemptions.record("ours", model, file)
    assert exemptions.known_hashes(file) == {"ours": found} == {"ours": exemptions.digest(model)}


def test_what_is_large_is_not_even_read(tmp_path: Path) -> None:
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    assert exemptions.digest(tmp_path) is None
