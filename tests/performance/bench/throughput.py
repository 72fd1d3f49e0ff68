"""Row 1: requests per second of queue-job, beside the bare handler's."""

from uuid import uuid4

from infra.local.config import tokens
from tests.performance.bench import fixtures, http_client, load_generator
from tests.performance.bench.figures import Row, Series, fmt
from tests.performance.bench.function_process import serving
from tests.performance.bench.scale import Scale

_AIM = 0.60
_CONNECTIONS = 16
_USERS = 500


async def measure(scale: Scale) -> list[Row]:
    """Serve both with the functions framework, one process each, on one Postgres."""
    users = [tokens.user_token(str(uuid4())) for _ in range(_USERS)]
    requests = [http_client.picture("/", token) for token in users]
    seconds = scale.of(6, 3)
    rates: dict[str, list[float]] = {"bare": [], "ours": []}
    with fixtures.system("none") as system:
        fixtures.busy_worker(system)
        settings = fixtures.settings_of(system)
        with (
            serving(fixtures.FLOOR_HANDLER, settings) as bare,
            serving(fixtures.source_of("queue-job"), settings) as ours,
        ):
            sides = {"bare": bare.port, "ours": ours.port}
            for number in range(scale.rounds + 1):
                for name, port in sides.items():
                    rate = await load_generator.rate(
                        port, requests, connections=_CONNECTIONS, seconds=seconds
                    )
                    if number:  # the first round is a warm-up
                        rates[name].append(rate)
    return [_row(rates, scale, seconds)]


def _row(rates: dict[str, list[float]], scale: Scale, seconds: int) -> Row:
    ratios = [mine / bare for mine, bare in zip(rates["ours"], rates["bare"], strict=True)]
    ratio = Series("of the floor", "", ratios)
    return Row(
        key="1",
        title="queue-job requests a second, one worker process",
        how=(
            f"{scale.rounds} rounds of {seconds} s a side after one to warm up, {_CONNECTIONS} "
            f"connections of one client, {_USERS} users. Both sides: the functions framework as "
            "the cloud runs it (gunicorn, one uvicorn worker), the same body, token and Postgres, "
            "synchronous_commit on. The floor parses the body, checks the token and makes one "
            "INSERT in a pooled autocommit connection. queue-job does all of its work; the slots "
            "of its worker are taken, so that the job waits."
        ),
        aim=f"at least {_AIM:.0%} of the bare handler",
        seen=f"{ratio.median:.0%} ({min(ratios):.0%} to {max(ratios):.0%})",
        holds=ratio.median >= _AIM,
        series=[
            Series("the bare handler", "requests/s", rates["bare"]),
            Series("queue-job", "requests/s", rates["ours"]),
        ],
        aim_at=_AIM * Series("", "", rates["bare"]).median,
        notes=[f"The aim is {fmt(_AIM * Series('', '', rates['bare']).median)} requests/s here."],
    )
