"""The delay from a row's commit until supabase-js calls its client's callback."""

import asyncio
import os
import random
import shutil
import time
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from uuid import uuid4

from psycopg import AsyncConnection

from infra.local.config import tokens
from infra.local.database import server
from tests.support.local_system import LocalSystem

_JS = Path(__file__).parents[1] / "clients/js"
_INSERT_SESSION = "insert into workspace_sessions (user_id, session_name) values (%s, %s)"
_READY_SECONDS = 60
_LOST_SECONDS = 30


async def delays(
    system: LocalSystem, *, sockets: int, rate: float, seconds: float
) -> list[float] | None:
    """Commit changes for random users in turn; return each delay in seconds, None without Node."""
    node = shutil.which("node")
    if node is None or not (_JS / "node_modules").is_dir():
        return None
    users = [str(uuid4()) for _ in range(sockets)]
    process = await asyncio.create_subprocess_exec(
        *(node, "callbacks.mjs"),
        cwd=_JS,
        env={**os.environ, "BASE": system.base, "ANON_KEY": tokens.anon_token()},
        stdin=PIPE,
        stdout=PIPE,
    )
    try:
        await _ready(process, users)
        committed = await _commit(system, users, rate=rate, seconds=seconds)
        async with asyncio.timeout(_LOST_SECONDS):
            return [await _delay(process, committed) for _ in committed]
    finally:
        process.kill()
        await process.wait()


async def _ready(process: Process, users: list[str]) -> None:
    assert process.stdin
    assert process.stdout
    process.stdin.writelines(f"{tokens.user_token(user)}\n".encode() for user in users)
    process.stdin.close()
    async with asyncio.timeout(_READY_SECONDS):
        assert await process.stdout.readline() == b"ready\n"


async def _commit(
    system: LocalSystem, users: list[str], *, rate: float, seconds: float
) -> dict[str, float]:
    """Return when each session was committed, by its name."""
    committed = {}
    url = server.url(system.ports()["postgres"])
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        began = time.perf_counter()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0, began + number / rate - time.perf_counter()))
            await connection.execute(_INSERT_SESSION, [random.choice(users), f"callback-{number}"])
            committed[f"callback-{number}"] = time.time()
    return committed


async def _delay(process: Process, committed: dict[str, float]) -> float:
    assert process.stdout
    name, _, at = (await process.stdout.readline()).decode().partition(" ")
    return float(at) / 1000 - committed[name]
