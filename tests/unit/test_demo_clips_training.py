"""Training of the demo video model with few steps: train, resume, export and use it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from gpu_workers.training.demo_video import train_autoencoder, train_denoiser
from gpu_workers.training.demo_video.attention import SimpleWanAttnProcessor, with_rest
from gpu_workers.training.demo_video.export import export
from gpu_workers.training.demo_video.render import FRAMES
from gpu_workers.training.demo_video.subjects import Moving, MovingScene
from gpu_workers.training.demo_video.tokenizer import LONGEST
from tests.unit.wan.fixtures import PICTURE, frames, loaded, made

COUNTS = (3, 1, 1)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Use one torch thread: two torch processes on few cores slow each other down."""
    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(usual)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoints after two steps of each stage."""
    folder = tmp_path_factory.mktemp("checkpoints")
    train_autoencoder.train(folder, 2, COUNTS)
    train_denoiser.train(folder, 2, COUNTS)
    return folder


def test_training_goes_on_where_it_was_left(
    checkpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = torch.load(checkpoints / train_denoiser.FILE, weights_only=True)
    train_denoiser.train(checkpoints, 3, COUNTS)
    after = torch.load(checkpoints / train_denoiser.FILE, weights_only=True)
    assert (before["step"], after["step"]) == (2, 3)
    name = "transformer.proj_out.weight"
    assert not torch.equal(before["network"][name], after["network"][name])
    assert "reading" not in capsys.readouterr().out


def test_what_is_exported_films_through_the_worker(checkpoints: Path, tmp_path: Path) -> None:
    export(checkpoints, tmp_path / "model")
    pipeline = loaded(tmp_path / "none", wan_model=str(tmp_path / "model"))
    clip = frames(made(pipeline, prompt="a red star", steps=1))
    assert clip.shape == (FRAMES, 96, 96, 3)
    picture = frames(made(pipeline, PICTURE, prompt="a red star", steps=1))
    assert picture.shape == (1, 96, 96, 3)
    other = frames(made(pipeline, prompt="a boat on the sea", steps=1))
    assert np.abs(clip.astype(int) - other).max() > 0


def test_training_attends_as_drawing_does() -> None:
    torch.manual_seed(1)
    filmer = train_denoiser.TrainableModel().eval()
    words, _ = filmer.reader(["a red star on blue", "a boat"])
    padded = torch.nn.functional.pad(words, (0, 0, 0, LONGEST - words.shape[1]))
    noisy, times = torch.randn(2, 16, 2, 6, 6), torch.tensor([500.0, 900.0])
    with torch.no_grad():
        drawn = filmer.transformer(noisy, times, padded).sample
        for block in filmer.transformer.blocks:
            block.attn1.set_processor(SimpleWanAttnProcessor())
            block.attn2.set_processor(SimpleWanAttnProcessor())
        trained = filmer.transformer(noisy, times, with_rest(words)).sample
    assert torch.allclose(drawn, trained, atol=1e-4)


def test_the_denoiser_is_taught_where_its_tokens_are() -> None:
    torch.manual_seed(2)
    filmer = train_denoiser.TrainableModel()
    for block in filmer.transformer.blocks:
        block.attn1.set_processor(SimpleWanAttnProcessor())
        block.attn2.set_processor(SimpleWanAttnProcessor())
    words, _ = filmer.reader(["a boat"] * 4)
    boats: list[Moving] = [MovingScene("day", "sea", "boat", "right")] * 4
    times = torch.full((4,), 1000.0)
    optimiser = torch.optim.AdamW(filmer.parameters(), 3e-3)
    for _ in range(50):
        noise = torch.randn(4, 16, 1, 8, 8)
        filmer.transformer(noise, times, with_rest(words.detach()))
        loss = filmer.position_head.loss(boats, noise)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.zero_grad()
    # A predictor that knows neither row nor column has a loss of 0.92 on these two alone.
    assert loss.item() < 0.5
