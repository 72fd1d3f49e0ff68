"""Reference pictures of a WAN job: recognised by role, cropped to size, or refused."""

import pytest
from PIL import Image

from gpu_workers.runtime.pipeline import PermanentError, ReferenceImage
from gpu_workers.wan.reference_images import ReferenceFrames, select_references
from shared.contracts.job_catalog import MediaType
from shared.contracts.worker_protocol import ReferenceRole, ReferenceType
from tests.unit.wan.fixtures import reference

RED, BLUE = (255, 0, 0), (0, 0, 255)


def colour(image: Image.Image | None) -> object:
    return image and image.getpixel((0, 0))


@pytest.mark.parametrize("role", ["reference", "start"])
def test_a_clip_begins_with_the_picture(role: ReferenceRole) -> None:
    begun = select_references([reference(role)], "video")
    assert (colour(begun.first), begun.last, begun.source) == (RED, None, None)
    assert begun.used == {"references": "first frame"}


@pytest.mark.parametrize("role", ["reference", "start"])
def test_a_clip_ends_with_the_last_one(role: ReferenceRole) -> None:
    begun = select_references([reference("end", "blue"), reference(role)], "video")
    assert (colour(begun.first), colour(begun.last)) == (RED, BLUE)
    assert begun.used == {"references": "first frame, last frame"}


@pytest.mark.parametrize("kind", [None, "composition"])
def test_a_picture_is_re_encoded(kind: ReferenceType | None) -> None:
    begun = select_references([reference("reference", kind=kind)], "image")
    assert (begun.first, colour(begun.source)) == (None, RED)


@pytest.mark.parametrize(
    ("references", "media"),
    [
        ([reference("reference", kind="style")], "image"),
        ([reference("reference", kind="character")], "video"),
        ([reference("start")], "image"),
        ([reference("end")], "image"),
        ([reference("end")], "video"),
        ([reference("start"), reference("reference")], "video"),
    ],
)
def test_what_cannot_be_used_is_refused_rather_than_ignored(
    references: list[ReferenceImage], media: MediaType
) -> None:
    with pytest.raises(PermanentError) as refused:
        select_references(references, media)
    assert refused.value.code == "unsupported_reference"
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize("content", [b"", b"no picture at all", reference("start").content[:60]])
def test_a_reference_that_is_no_picture_ends_the_job(content: bytes) -> None:
    with pytest.raises(PermanentError) as ended:
        select_references([ReferenceImage("start", None, content)], "video")
    assert ended.value.code == "bad_reference"


def test_pictures_of_another_shape_are_cut_and_not_stretched() -> None:
    wide = Image.new("RGB", (300, 100), "red")
    wide.paste("blue", (100, 0, 200, 100))
    fitted = ReferenceFrames(first=wide).fitted((48, 48)).first
    assert fitted
    assert fitted.size == (48, 48)
    assert fitted.getpixel((8, 24)) == fitted.getpixel((39, 24)) == BLUE
