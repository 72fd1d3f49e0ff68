"""``make bench-peers``: the peers and OurVidz, one job at a time, with the same client.

python -m tests.performance.peers [--quick] [--only cog,celery]
"""

import argparse
import asyncio
import dataclasses
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import uvloop

from infra.local.config import tokens
from infra.local.database import server
from tests.performance.bench import environment_info, fixtures, http_client
from tests.performance.bench.figures import fmt, percentile
from tests.performance.peers import environments
from tests.performance.peers.environments import NotInstalledError
from tests.performance.peers.peers import PEERS, Peer
from tests.performance.peers.running import running
from tests.support.local_system import ROOT, LocalSystem

_PAGE = ROOT / "docs" / "reports" / "performance-peers.md"
_WARM_UP = 10
_POLL_SECONDS = 0.001
_REST_SECONDS = 0.02
_LOST_SECONDS = 60
_READY_SECONDS = 90
_BUSY = 409
"""cog's status while the previous job's slot is not free yet: it has no queue."""


@dataclass(frozen=True)
class Measured:
    """Results of one system."""

    name: str
    versions: str
    durability: str
    accepted: list[float] = dataclasses.field(default_factory=list)
    ended: list[float] = dataclasses.field(default_factory=list)
    why_not: str = ""


def main() -> None:
    """Measure all peers that can be installed, and write the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.peers")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", help="such as cog,celery")
    parser.add_argument("--out", type=Path, default=_PAGE)
    arguments = parser.parse_args()
    names = arguments.only.split(",") if arguments.only else [peer.name for peer in PEERS]
    chosen = [peer for peer in PEERS if peer.name in names]
    jobs = 30 if arguments.quick else 200
    page = text(uvloop.run(_measure(chosen, jobs)), jobs)
    arguments.out.write_text(page)
    sys.stdout.write(page)


async def _measure(chosen: list[Peer], jobs: int) -> list[Measured]:
    """Measure ours before and after the peers, to show changes in between."""
    with fixtures.system("noop") as system:
        found = [await _ours(system, jobs)]
        found += [await _theirs(peer, _database(system), jobs) for peer in chosen]
        found.append(await _ours(system, jobs))
    return found


async def _ours(system: LocalSystem, jobs: int) -> Measured:
    user = str(uuid4())
    events, connection = http_client.Events(), await http_client.Connection.open(system.port)
    await events.open(system.port, user)
    request = http_client.picture("/functions/v1/queue-job", tokens.user_token(user))
    one = Measured(
        "OurVidz",
        "this checkout",
        "durable: each step is a commit in Postgres; a real upload, and a checked callback",
    )
    for number in range(_WARM_UP + jobs):
        began = time.perf_counter()
        answer = await connection.ask(request)
        seen = await events.asset_of(http_client.job_of(answer))
        if number >= _WARM_UP:
            one.accepted.append(answer.seconds)
            one.ended.append(seen - began)
        await asyncio.sleep(_REST_SECONDS)
    connection.close()
    await events.close()
    return one


async def _theirs(peer: Peer, database_url: str, jobs: int) -> Measured:
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with running(peer, database_url, Path(folder)) as port:
                one = Measured(peer.name, environments.versions(peer), peer.durability)
                connection = await _ready(peer, port)
                for number in range(_WARM_UP + jobs):
                    accepted, ended = await _once(peer, connection)
                    if number >= _WARM_UP:
                        one.accepted.append(accepted)
                        one.ended.append(ended)
                    await asyncio.sleep(_REST_SECONDS)
                connection.close()
                return one
    except (NotInstalledError, OSError, EOFError, ValueError, TimeoutError) as error:
        why = str(error) or type(error).__name__
        return Measured(peer.name, "", peer.durability, why_not=why)


async def _ready(peer: Peer, port: int) -> http_client.Connection:
    """Open a connection once a first job is accepted: a server may listen before it can serve."""
    until = time.monotonic() + _READY_SECONDS
    while True:
        connection = await http_client.Connection.open(port)
        try:
            async with asyncio.timeout(_READY_SECONDS):
                await _once(peer, connection)
        except (NotInstalledError, OSError, EOFError):
            connection.close()
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.5)
        else:
            return connection


async def _once(peer: Peer, connection: http_client.Connection) -> tuple[float, float]:
    path, body = peer.submit
    began = time.perf_counter()
    while (answer := await connection.ask(http_client.post(path, "none", body))).status == _BUSY:
        await asyncio.sleep(_REST_SECONDS)
        began = time.perf_counter()
    if answer.status >= 400:
        raise NotInstalledError(f"it answered {answer.status}: {answer.body[:200].decode()}")
    if job := peer.job_of(answer.body):
        await asyncio.wait_for(_ended(peer, connection, job), _LOST_SECONDS)
    return answer.seconds, time.perf_counter() - began


async def _ended(peer: Peer, connection: http_client.Connection, job: str) -> None:
    request = f"GET {peer.status.format(job=job)} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode()
    while not peer.is_done((await connection.ask(request)).body):  # noqa: ASYNC110 - a server's
        await asyncio.sleep(_POLL_SECONDS)


def _database(system: LocalSystem) -> str:
    """Create a database for the peers on the server that ours uses."""
    port = system.ports()["postgres"]
    with psycopg.connect(server.url(port, "postgres"), autocommit=True) as connection:
        connection.execute("drop database if exists peers")
        connection.execute("create database peers")
    return server.url(port, "peers")


def text(found: list[Measured], jobs: int) -> str:
    """Return the report in Markdown."""
    return "\n".join([
        "# Other queues beside this one",
        "",
        "Written by `make bench-peers`. Its figures are not edited by hand.",
        "",
        f"{jobs} jobs that do nothing, one at a time over one kept connection, after {_WARM_UP} to",
        "warm up; the same client and machine for all, each in turn, ours before and after. The",
        "end of a peer's job is polled each millisecond; ours is read from the user's events.",
        "procrastinate and celery have no HTTP endpoint: a bare uvicorn stands in front of them.",
        "No peer checks a token, charges, dispatches fairly or uploads; ours does.",
        "",
        (
            f"{environment_info.machine()}, load {environment_info.now()['load']}; "
            f"{environment_info.versions()}."
        ),
        "",
        "| | accepted, p50 / p95 | ended, p50 / p95 | durability | version |",
        "|---|---|---|---|---|",
        *(_line(one) for one in found),
        "",
    ])  # fmt: skip


def _line(one: Measured) -> str:
    if one.why_not:
        return f"| {one.name} | not run | {one.why_not} | {one.durability} | |"
    accepted, ended = _format_seconds(one.accepted), _format_seconds(one.ended)
    return f"| {one.name} | {accepted} | {ended} | {one.durability} | {one.versions} |"


def _format_seconds(seconds: list[float]) -> str:
    p50, p95 = (fmt(percentile(seconds, percent) * 1000) for percent in (50, 95))
    return f"{p50} / {p95} ms"


if __name__ == "__main__":
    main()
