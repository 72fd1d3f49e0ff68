"""How long jobs that a kill struck were not running."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.reliability.monitor import Kill

NEVER = float("inf")


class Return(NamedTuple):
    """A job that ran when a part was killed, and when it ran again."""

    kill: Kill
    job_id: str
    seconds: float
    """From the kill until the job had ended, ran under another claim or had sent a heartbeat."""
    others: list[Kill]
    """The kills during that time."""

    @property
    def whole_seconds(self) -> float:
        """The same, without the time in which a part that was killed later was down."""
        if self.seconds == NEVER:
            return NEVER
        back_at, counted_to, away = self.kill.at + self.seconds, 0.0, 0.0
        for other in self.others:
            until = min(back_at, other.back_at or back_at)
            away += max(0.0, until - max(other.at, counted_to))
            counted_to = max(counted_to, until)
        return self.seconds - away


def returns(kills: Sequence[Kill]) -> Iterator[Return]:
    """Yield each job of each kill."""
    for kill in kills:
        for job_id in kill.struck:
            back_at = kill.jobs_back_at.get(job_id, NEVER)
            others = [other for other in kills if kill.at < other.at < back_at]
            yield Return(kill, job_id, back_at - kill.at, others)
