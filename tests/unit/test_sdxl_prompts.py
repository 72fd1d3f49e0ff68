"""Parsing of weights and LoRA tags in SDXL prompts."""

import pytest

from gpu_workers.sdxl.prompt_parser import Lora, Part, read


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("a red star", [("a red star", 1)]),
        ("a (red:1.2) star", [("a ", 1), ("red", 1.2), (" star", 1)]),
        ("(red star:.5)", [("red star", 0.5)]),
        ("(red:9)", [("red", 2.0)]),
        ("(red) (a:b) ((x:1.1)", [("(red) (a:b) (", 1), ("x", 1.1)]),
        ('C++ and "black-" (it\'s', [('C++ and "black-" (it\'s', 1)]),
        ("at 12:30 (see: 4)", [("at 12:30 (see: 4)", 1)]),
        ("", [("", 1)]),
    ],
)
def test_weights_are_read_and_all_else_is_text(
    written: str, parts: list[tuple[str, float]]
) -> None:
    assert read(written).parts == tuple(Part(*part) for part in parts)


@pytest.mark.parametrize(
    ("written", "text", "loras"),
    [
        ("a star <lora:ink:0.8>", "a star", [("ink", 0.8)]),
        ("<lora:ink>a star<lora:b-2:-1>", "a star", [("ink", 1.0), ("b-2", -1.0)]),
        ("a star <lora:>", "a star <lora:>", []),
        ("<b>a star</b>", "<b>a star</b>", []),
    ],
)
def test_loras_are_read_and_are_no_words(
    written: str, text: str, loras: list[tuple[str, float]]
) -> None:
    read_prompt = read(written)
    assert (read_prompt.text, read_prompt.loras) == (text, tuple(Lora(*lora) for lora in loras))
