"""WAN steps: progress, previews, cancellation, and a retry after running out of memory."""

import pytest
from PIL import Image

from gpu_workers.runtime.pipeline import GenerationRequest, JobCancelled, RetryableError
from gpu_workers.wan.pipeline import WanPipeline
from tests.support.pipelines import generate_alone
from tests.unit.wan.fixtures import CLIP, PICTURE, ignore, made, message, middle, reference


def test_steps_are_counted_over_all_pictures(pipeline: WanPipeline) -> None:
    seen: list[tuple[int, int]] = []
    generate_alone(pipeline, message(PICTURE, num_images=2), [], lambda *step: seen.append(step))
    assert seen == [(step, 6) for step in range(1, 7)]


@pytest.mark.parametrize("references", [[], [reference("start")]])
def test_a_stopped_job_takes_no_further_step_and_the_next_is_as_ever(
    pipeline: WanPipeline, references: list[object]
) -> None:
    before = middle(pipeline, references=references)
    seen: list[int] = []

    def stop_at_two(step: int, _: int) -> None:
        seen.append(step)
        if step == 2:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        generate_alone(pipeline, message(), references, stop_at_two)  # type: ignore[arg-type]
    assert seen == [1, 2]
    assert middle(pipeline, references=references) == before


@pytest.mark.parametrize("failures", [1, 2])
def test_job_that_runs_out_of_memory_is_tried_once_more(
    pipeline: WanPipeline, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    import torch  # noqa: PLC0415 - it takes seconds to import
    from diffusers import WanTransformer3DModel  # noqa: PLC0415 - the same

    expected = middle(pipeline)
    forward, left = WanTransformer3DModel.forward, [torch.OutOfMemoryError()] * failures

    def short_of_memory(*positional: object, **named: object) -> object:
        if left:
            raise left.pop()
        return forward(*positional, **named)

    monkeypatch.setattr(WanTransformer3DModel, "forward", short_of_memory)
    if failures == 1:
        assert middle(pipeline) == expected
    else:
        with pytest.raises(RetryableError) as ended:
            made(pipeline)
        assert ended.value.code == "out_of_memory"


@pytest.mark.parametrize("job_type", [CLIP, PICTURE])
def test_each_step_can_be_looked_at_before_the_film_is_there(
    pipeline: WanPipeline, job_type: str
) -> None:
    shown: list[Image.Image] = []
    work = GenerationRequest(message(job_type), [], ignore, lambda picture: shown.append(picture()))
    ((finished,),) = pipeline.generate([work])
    assert [one.size for one in shown] == [(12, 12)] * 3
    assert len({one.tobytes() for one in shown}) == 3
    assert finished.thumbnail_source.tobytes() == middle(pipeline, job_type)
