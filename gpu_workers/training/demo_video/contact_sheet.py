"""Contact sheet: frames of the demo video model's clips."""

import argparse
from pathlib import Path

import torch
from PIL import Image, ImageDraw

from gpu_workers.training.demo_video.evaluate import filmed, load
from gpu_workers.training.demo_video.export import WAN
from gpu_workers.training.demo_video.render import FRAMES, Frames

PROMPTS = (
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
_SHOWN = (0, 4, 8, 12, 16)
_COLUMNS = 2
_CAPTION = 18
_GAP = 8
_COLOURS = 255


def sheet(clips: list[Frames]) -> Image.Image:
    """Return a sheet with some frames of each clip side by side, below its prompt."""
    side = clips[0].shape[1]
    across, down = len(_SHOWN) * (side + 2) + _GAP, side + _CAPTION + _GAP
    rows = -(-len(clips) // _COLUMNS)
    page = Image.new("RGB", (_COLUMNS * across + _GAP, rows * down + _GAP), "white")
    draw = ImageDraw.Draw(page)
    for index, (prompt, frames) in enumerate(zip(PROMPTS, clips, strict=True)):
        x, y = _GAP + index % _COLUMNS * across, _GAP + index // _COLUMNS * down
        draw.text((x, y), prompt, "black")
        for column, frame in enumerate(_SHOWN):
            shown = Image.fromarray(frames[min(frame, FRAMES - 1)])
            page.paste(shown, (x + column * (side + 2), y + _CAPTION))
    return page.quantize(_COLOURS, dither=Image.Dither.FLOYDSTEINBERG)


def main() -> None:
    """Generate the clips and write the sheet to a file."""
    parser = argparse.ArgumentParser(
        prog="gpu_workers.training.demo_video.contact_sheet", description=__doc__
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--model", type=Path, default=WAN)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--guidance", type=float, default=6.5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    pipe = load(options.model)
    sampling = {"steps": options.steps, "guidance": options.guidance}
    sheet([filmed(pipe, prompt, **sampling) for prompt in PROMPTS]).save(
        options.file, optimize=True
    )


if __name__ == "__main__":
    main()
