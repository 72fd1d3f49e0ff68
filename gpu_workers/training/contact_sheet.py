"""Contact sheets: pictures, or frames of clips, of a demo model, each with its prompt."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap

import torch
from PIL import Image, ImageDraw

IMAGE_PROMPTS = (
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
VIDEO_PROMPTS = (
    "a boat on the sea at sunset",
    "a boat on the sea by day, sailing to the left",
    "a sailing boat on the ocean at night",
    "a hot-air balloon over the mountains at dawn, rising",
    "a windmill on green hills on a sunny day, turning",
    "clouds drifting to the right over the desert at sunset",
    "a red star on a blue background, moving to the right",
    "a yellow heart on black, going up",
    "a white circle on green, moving to the left",
    "a pink triangle on purple, moving down",
)
_COLUMNS = {"image": 6, "video": 2}
_SIDE = 192
"""Of a picture, in pixels."""
_CAPTION = 30
_LINE = 32
"""Characters of a caption that fit below a picture."""
_FRAMES = (0, 4, 8, 12, 16)
_GAP = 8
_COLOURS = 255


def sheet(tiles: list[Image.Image], columns: int) -> Image.Image:
    """Return a sheet of tiles of one size, in rows."""
    across, down = (side + _GAP for side in tiles[0].size)
    rows = -(-len(tiles) // columns)
    page = Image.new("RGB", (columns * across + _GAP, rows * down + _GAP), "white")
    for index, tile in enumerate(tiles):
        page.paste(tile, (_GAP + index % columns * across, _GAP + index // columns * down))
    return page.quantize(_COLOURS, dither=Image.Dither.FLOYDSTEINBERG)


def pictures(model: Path | None) -> Iterator[Image.Image]:
    """Draw a picture for each prompt; yield each above its prompt."""
    from gpu_workers.training.demo_image.evaluate import load, paint  # noqa: PLC0415 - one model's

    pipe = load(model) if model else load()
    for prompt, picture in zip(IMAGE_PROMPTS, paint(pipe, list(IMAGE_PROMPTS)), strict=True):
        resized = picture.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
        yield _with_caption([resized], "\n".join(wrap(prompt, _LINE)))


def clips(model: Path | None) -> Iterator[Image.Image]:
    """Generate a clip for each prompt; yield some of its frames above the prompt."""
    from gpu_workers.training.demo_video.evaluate import filmed, load  # noqa: PLC0415 - one model's

    pipe = load(model) if model else load()
    for prompt in VIDEO_PROMPTS:
        frames = filmed(pipe, prompt)
        yield _with_caption([Image.fromarray(frames[frame]) for frame in _FRAMES], prompt)


def _with_caption(frames: list[Image.Image], caption: str) -> Image.Image:
    wide, high = frames[0].size
    tile = Image.new("RGB", (len(frames) * (wide + 2) - 2, high + _CAPTION), "white")
    for column, frame in enumerate(frames):
        tile.paste(frame, (column * (wide + 2), 0))
    ImageDraw.Draw(tile).multiline_text((0, high + 3), caption, "black", spacing=1)
    return tile


def main() -> None:
    """Write the sheet to a file."""
    parser = argparse.ArgumentParser(prog="gpu_workers.training.contact_sheet", description=__doc__)
    parser.add_argument("kind", choices=_COLUMNS)
    parser.add_argument("file", type=Path)
    parser.add_argument("--model", type=Path, help="a folder; by default the committed model")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    draw = {"image": pictures, "video": clips}[options.kind]
    tiles = list(draw(options.model))
    sheet(tiles, _COLUMNS[options.kind]).save(options.file, optimize=True)


if __name__ == "__main__":
    main()
