"""Contact sheet: the SDXL demo model's pictures of 24 prompts."""

import argparse
from pathlib import Path
from textwrap import wrap

import torch
from PIL import Image, ImageDraw

from gpu_workers.training.demo_image.evaluate import load, paint
from gpu_workers.training.demo_image.export import SDXL

PROMPTS = (
    "a big red star on blue, left",
    "a red star at the top on a blue background",
    "a boat on the sea at sunset",
    "a small yellow circle on black, right",
    "a large white heart on a pink background",
    "a green diamond at the bottom on orange",
    "a lighthouse by the sea at night",
    "a house in the mountains by day",
    "an orange ring in the middle on purple",
    "a black cross on yellow",
    "a palm tree in the desert at sunset",
    "a tent in the snow at night",
    "a hot-air balloon over the mountains at dawn",
    "a windmill on green hills on a sunny day",
    "a huge blue triangle on white, right",
    "a purple square on green, at the top",
    "a sailing boat with the sea at dawn",
    "a red house in a snowy landscape at sunset",
    "a tree in a meadow by day",
    "a pink heart on the left, brown background",
    "a blue boat on the ocean during the day",
    "the desert at night",
    "a white star on red",
    "a yellow balloon on the sea in the morning",
)
_COLUMNS = 6
_SIDE = 192
_CAPTION = 30
_GAP = 8
_COLOURS = 255
_LINE = 32
"""Characters of a caption that fit below a picture."""


def sheet(pictures: list[Image.Image]) -> Image.Image:
    """Return a sheet of pictures in rows, each above its prompt."""
    rows = -(-len(pictures) // _COLUMNS)
    across, down = _SIDE + _GAP, _SIDE + _CAPTION + _GAP
    page = Image.new("RGB", (_COLUMNS * across + _GAP, rows * down + _GAP), "white")
    draw = ImageDraw.Draw(page)
    for index, (prompt, picture) in enumerate(zip(PROMPTS, pictures, strict=True)):
        x, y = _GAP + index % _COLUMNS * across, _GAP + index // _COLUMNS * down
        page.paste(picture.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS), (x, y))
        draw.multiline_text((x, y + _SIDE + 3), "\n".join(wrap(prompt, _LINE)), "black", spacing=1)
    return page.quantize(_COLOURS, dither=Image.Dither.FLOYDSTEINBERG)


def main() -> None:
    """Draw the pictures and write the sheet to a file."""
    parser = argparse.ArgumentParser(
        prog="gpu_workers.training.demo_image.contact_sheet", description=__doc__
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--model", type=Path, default=SDXL)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    sheet(paint(load(options.model), list(PROMPTS))).save(options.file, optimize=True)


if __name__ == "__main__":
    main()
