"""Frames of a clip that the output check sees: the first, the last, and some between."""

from gpu_workers.wan.pipeline import WanPipeline
from tests.unit.wan.fixtures import PICTURE, made


def test_a_short_film_is_seen_whole_and_a_picture_as_it_is(pipeline: WanPipeline) -> None:
    film = made(pipeline)
    assert len(film.frames) == 5
    assert film.frames[2].tobytes() == film.thumbnail_source.tobytes()
    assert {frame.size for frame in film.frames} == {(film.width, film.height)}
    assert made(pipeline, PICTURE).frames == ()
