"""Render a subject to a picture; the same subject gives the same pixels."""

from PIL import Image

from gpu_workers.training.demo_image import landscapes, shapes
from gpu_workers.training.demo_image.canvas import Canvas
from gpu_workers.training.demo_image.subjects import Shape, Subject

OWN_SIDE = 96


def draw(subject: Subject, width: int = OWN_SIDE, height: int = OWN_SIDE) -> Image.Image:
    """Draw a subject in a size in pixels."""
    canvas = Canvas(width, height)
    if isinstance(subject, Shape):
        shapes.draw(canvas, subject)
    else:
        landscapes.draw(canvas, subject)
    return canvas.image()
