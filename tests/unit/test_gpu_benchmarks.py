"""The GPU workers' benchmarks: the command at toy size, and its checks of the figures."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, AutoencoderKLWan, UNet2DConditionModel, WanTransformer3DModel
from transformers import Qwen2Config, Qwen2ForCausalLM

from gpu_workers.benchmarks import (
    bench_sdxl,
    bench_wan,
    cold_start,
    model_builder,
    model_configs,
    random_weights,
    report,
)
from gpu_workers.benchmarks.main import main
from gpu_workers.benchmarks.types import PLAIN, WORKER, Bench
from gpu_workers.chat.model import Model as ChatModel
from gpu_workers.chat.sampling import Sampling


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the models, built once for all rows."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_THREADS", "1")


@pytest.mark.parametrize("name", ["9", "11", "12-1.3B", "13"])
def test_a_row_is_measured_at_toy_size(
    name: str, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "--size",
        "toy",
        "--rounds",
        "1",
        "--folder",
        str(tmp_path),
        "--models",
        str(models),
    ]
    code = main([*arguments, "--rows", name])
    assert f"| {name} | TOY, not " in capsys.readouterr().out
    record = json.loads((tmp_path / f"row-{name}-toy.json").read_text())
    faults = report.faults(record)
    assert code == (1 if faults else 0)
    # On a busy machine a row can measure faster than the device did a moment before.
    assert [fault for fault in faults if not fault.startswith("faster than the device")] == []
    assert {side: len(taken) for side, taken in record["samples"].items()} == {PLAIN: 1, WORKER: 1}
    assert record["cosine"] > 0.999
    assert min(record["ceilings"].values()) > 0
    assert report.figures(record).tflops > 0
    assert record["key"]["machine"]["torch"].startswith(torch.__version__[:4])


def test_both_sides_of_the_cold_start_draw(models: Path) -> None:
    folder = model_builder.sdxl(Bench(models, toy=True))
    # Not monkeypatch: it deletes the setting afterwards, and no later test could compile a model.
    with torch._inductor.config.patch(force_disable_caches=False):  # noqa: SLF001 - it has no other name
        cold_start.plainly(folder)
        cold_start.by_the_worker(folder)


@pytest.mark.slow
def test_the_cold_start_is_measured_in_processes_of_its_own(models: Path, tmp_path: Path) -> None:
    arguments = [
        "--size",
        "toy",
        "--rounds",
        "1",
        "--folder",
        str(tmp_path),
        "--models",
        str(models),
    ]
    assert main([*arguments, "--rows", "14"]) == 0


def test_without_a_gpu_nothing_is_measured_at_true_size(tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(SystemExit, match="no GPU"):
        main(["--rows", "9", "--folder", str(tmp_path)])
    assert not list(tmp_path.iterdir())


def _sdxl_decoding(vae: Any) -> object:  # noqa: ANN401 - diffusers has no types
    return vae.decode(torch.empty(1, 4, 128, 128))


def _wan_pass(transformer: Any) -> object:  # noqa: ANN401 - the same
    film, words = torch.empty(1, 16, 21, 60, 104), torch.empty(1, 512, 4096)
    return transformer(film, torch.empty(1), words)


@pytest.mark.parametrize(
    ("name", "make", "run", "teraflops"),
    [
        pytest.param(
            "SDXL UNet",
            partial(UNet2DConditionModel, **model_configs.SDXL_UNET),
            lambda one: bench_sdxl.step(one, 1, (128, 128)),
            6.76,
            marks=pytest.mark.slow,
        ),
        ("SDXL VAE", partial(AutoencoderKL, **model_configs.SDXL_VAE), _sdxl_decoding, 10.5),
        ("Wan 1.3B", partial(WanTransformer3DModel, **model_configs.WAN["1.3B"]), _wan_pass, 283),
        pytest.param(
            "Wan 14B",
            partial(WanTransformer3DModel, **model_configs.WAN["14B"]),
            _wan_pass,
            1678,
            marks=pytest.mark.slow,
        ),
        ("Wan VAE", AutoencoderKLWan, None, None),
        ("Qwen 7B", lambda: Qwen2ForCausalLM(Qwen2Config(**model_configs.QWEN)), None, None),
    ],
)
def test_a_true_model_has_its_parameters_and_its_cost(
    name: str,
    make: Callable[[], Any],
    run: Callable[[Any], object] | None,
    teraflops: float | None,
) -> None:
    with torch.device("meta"):
        model = make()
    assert random_weights.parameters(model) == model_configs.PARAMETERS[name]
    if run:
        assert random_weights.flops(model, run) / 1e12 == pytest.approx(teraflops, rel=0.005)


@pytest.fixture
def smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real configs scaled down, so that a CPU can build the models."""
    unet = {
        "sample_size": 16,
        "block_out_channels": (32, 64, 64),
        "layers_per_block": 1,
        "attention_head_dim": (1, 2, 2),
        "addition_time_embed_dim": 8,
        "transformer_layers_per_block": (1, 1, 1),
        "projection_class_embeddings_input_dim": 6 * 8 + 32,
        "cross_attention_dim": 64,
    }
    clip = {
        "hidden_size": 32,
        "intermediate_size": 37,
        "projection_dim": 32,
        "num_attention_heads": 4,
        "num_hidden_layers": 2,
    }
    wan = {"num_attention_heads": 2, "attention_head_dim": 12, "num_layers": 1, "ffn_dim": 32}
    text = {"text_dim": 32, "freq_dim": 32}
    qwen = {
        "vocab_size": 300,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
    }
    for table, part in (
        (model_configs.SDXL_UNET, unet),
        (model_configs.SDXL_VAE, {"block_out_channels": (32, 32, 32, 32), "layers_per_block": 1}),
        (model_configs.CLIP_L, clip),
        (model_configs.CLIP_BIGG, clip),
        (model_configs.WAN["1.3B"], wan | text),
        (model_configs.WAN_VAE, {"base_dim": 3, "num_res_blocks": 1}),
        (model_configs.WAN_TEXT, {"d_model": 32, "d_kv": 8, "d_ff": 32, "num_heads": 4}),
        (model_configs.QWEN, qwen),
    ):
        for name, value in part.items():
            monkeypatch.setitem(table, name, value)


@pytest.mark.usefixtures("smaller")
def test_what_is_built_as_a_true_model_is_loaded_by_the_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAN_FRAMES", "5")
    monkeypatch.setenv("WAN_SIDE", "48")
    bench = Bench(tmp_path, toy=False)
    cold_start.by_the_worker(model_builder.sdxl(bench))
    pair = bench_wan.Pair(model_builder.wan(bench, "1.3B"))
    assert pair.filmed(lambda: None).shape == (5, 32, 64, 3)
    made: set[int] = set()

    def on_token(token: int) -> bool:
        made.add(token)
        return False

    chat = ChatModel(model_builder.qwen(bench), threads=1)
    how = Sampling(seed=0, max_tokens=3, temperature=0)
    chat.generate(chat.plain("a"), how, on_token)
    assert made
    assert {path.name for path in tmp_path.glob("true-*")} == {
        model_builder.NAME.format(name) for name in ("sdxl", "1.3B", "qwen")
    }


def test_random_weights_are_never_zero_and_keep_the_size_of_what_goes_through() -> None:
    model = random_weights.randomise(torch.nn.Sequential(*[torch.nn.Linear(256, 256)] * 4), seed=0)
    assert all(parameter.count_nonzero() == parameter.numel() for parameter in model.parameters())
    assert 0.5 < model(torch.randn(64, 256)).std().item() < 2
