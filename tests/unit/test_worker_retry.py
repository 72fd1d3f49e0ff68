"""Retries of a worker's requests, and when they stop."""

import httpx
import pytest

from gpu_workers.runtime.transport import retry
from gpu_workers.runtime.transport.retry import RetryTimeoutError, is_transient, retry_until


class Answers:
    """A request function that gets each status in turn; None is a lost connection."""

    def __init__(self, *statuses: int | None) -> None:
        self._statuses = iter(statuses)
        self.attempts = 0

    async def __call__(self) -> httpx.Response:
        self.attempts += 1
        status = next(self._statuses)
        if status is None:
            raise httpx.ConnectError("lost")
        return httpx.Response(status)


@pytest.fixture(autouse=True)
def _short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_DELAY", 0.001)


@pytest.mark.parametrize("final", [200, 400, 401, 403, 409, 412, 422])
async def test_persist_takes_the_first_final_answer(final: int) -> None:
    answers = Answers(503, None, 429, final)
    response = await retry_until(answers, until=1, now=lambda: 0)
    assert (response.status_code, answers.attempts) == (final, 4)


async def test_persist_gives_up_before_its_time_would_pass() -> None:
    readings = iter([0.0, 5.0, 10.0])
    answers = Answers(503, None, 500)
    with pytest.raises(RetryTimeoutError):
        await retry_until(answers, until=10, now=lambda: next(readings))
    assert answers.attempts == 3


@pytest.mark.parametrize(
    ("status", "passing"), [(200, False), (404, False), (408, True), (429, True), (500, True)]
)
def test_is_passing(status: int, *, passing: bool) -> None:
    assert is_transient(status) is passing
