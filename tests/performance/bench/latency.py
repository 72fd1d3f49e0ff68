"""Rows 2 and 3: time of one job on an idle system, until accepted and until its asset arrives."""

import asyncio
import time
from uuid import uuid4

from infra.local.config import tokens
from tests.performance.bench import baseline_hops, fixtures, http_client
from tests.performance.bench.figures import Row, Series, fmt, percentile
from tests.performance.bench.function_process import serving
from tests.performance.bench.scale import Scale

_QUEUE = "/functions/v1/queue-job"
_WARM_UP = 30
_REST_SECONDS = 0.03
"""Between two jobs, so that the first one's remaining work is done."""

Times = dict[str, list[float]]


async def measure(scale: Scale) -> list[Row]:
    """Measure the bare handler and the functions alternately, round by round."""
    count = scale.of(100, 40)
    with (
        fixtures.system("noop") as system,
        serving(fixtures.FLOOR_HANDLER, fixtures.settings_of(system)) as bare,
    ):
        async with baseline_hops.opened(system, bare.port) as way:
            await _round(system.port, bare.port, way, _WARM_UP)
            rounds = [await _round(system.port, bare.port, way, count) for _ in range(scale.rounds)]
    how = (
        f"{scale.rounds} rounds of {count} jobs, one at a time on an idle system as `make run` "
        "starts it but with the noop worker, over one kept connection; "
        f"{_WARM_UP} jobs before to warm up. "
    )
    return [_enqueue(rounds, how), _journey(rounds, how)]


async def _round(port: int, bare_port: int, way: baseline_hops.Hops, count: int) -> Times:
    user = str(uuid4())
    token = tokens.user_token(user)
    events, ours, bare = (
        http_client.Events(),
        *[await http_client.Connection.open(one) for one in (port, bare_port)],
    )
    await events.open(port, user)
    times: Times = {"enqueue": [], "asset": [], "bare": [], "hops": []}
    for _ in range(count):
        times["hops"].append(await way.walk(http_client.picture("/", token)))
        times["bare"].append((await bare.ask(http_client.picture("/", token))).seconds)
        began = time.perf_counter()
        answer = await ours.ask(http_client.picture(_QUEUE, token))
        times["enqueue"].append(answer.seconds)
        seen = await events.asset_of(http_client.job_of(answer))
        times["asset"].append(seen - began)
        await asyncio.sleep(_REST_SECONDS)
    for one in (ours, bare):
        one.close()
    await events.close()
    return times


def _series(name: str, of: str, percent: int, rounds: list[Times]) -> Series:
    values = [percentile(one[of], percent) * 1000 for one in rounds]
    return Series(f"{name}, p{percent}", "ms", values)


def _enqueue(rounds: list[Times], how: str) -> Row:
    p50, p95 = (_series("queue-job", "enqueue", percent, rounds) for percent in (50, 95))
    floors = [_series("the bare handler", "bare", percent, rounds) for percent in (50, 95)]
    return Row(
        key="2",
        title="enqueue, idle",
        how=(
            how + "From the request's first byte to the answer's last: stored, charged, dispatched "
            "to Cloud Tasks. Between two jobs a request to the bare handler."
        ),
        aim="p50 8 ms, p95 20 ms",
        seen=f"p50 {fmt(p50.median)} ms, p95 {fmt(p95.median)} ms",
        holds=p50.median <= 8 and p95.median <= 20,
        series=[floors[0], p50, floors[1], p95],
        aim_at=8,
        notes=[
            (
                "Published of such a machine: ComfyUI 2.4 (memory only), cog 8.8, InvokeAI 8.9, "
                "AI-Horde 59 ms."
            )
        ],
    )


def _journey(rounds: list[Times], how: str) -> Row:
    p50, p95 = (_series("to the asset", "asset", percent, rounds) for percent in (50, 95))
    floors = [_series("the hops alone", "hops", percent, rounds) for percent in (50, 95)]
    return Row(
        key="3",
        title="enqueue to the finished asset, noop worker",
        how=(
            how + "Until the user's open job-events stream has the asset's row: every step "
            "durable, a real upload by signed URLs, a checked callback. Between two jobs the hops "
            "alone: three requests to the bare handler, a task through the queue, three uploads "
            "and a look at two of them, by clients that do nothing else."
        ),
        aim="p50 25 ms, p95 60 ms",
        seen=f"p50 {fmt(p50.median)} ms, p95 {fmt(p95.median)} ms",
        holds=p50.median <= 25 and p95.median <= 60,
        series=[floors[0], p50, floors[1], p95],
        aim_at=25,
        notes=[
            (
                "Published: ComfyUI 6.3 (memory only), cog 11 (no queue), AI-Horde 191, InvokeAI "
                "604 ms; a poll each 2 s averages 1,000."
            )
        ],
    )
