"""Export the library of a data folder, also of one that this version cannot open."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

from infra.database.library_export import LibraryExportError, export_library
from infra.local.config.environment import LIBRARY_BUCKET
from infra.local.database import server, setup
from infra.local.errors import LocalSystemError
from infra.local.process import data_dir, ports
from infra.local.storage_emulator.store import Store

_START_SECONDS = 30


def export(data: Path, to: Path) -> str:
    """Export the library of a stopped local system and return a summary for the terminal.

    Args:
        data: the data folder. Its database is the embedded one, unless DATABASE_URL is set.
        to: the folder to write.

    Raises:
        LocalSystemError: there is nothing to export, it is in use, or ``to`` is not empty.
    """
    url = os.environ.get("DATABASE_URL") or None
    if url is None and not (data / "postgres" / "PG_VERSION").exists():
        raise LocalSystemError(f"There is no database in {data}.")
    with data_dir.lock(data):
        try:
            return asyncio.run(_export(data, to, url))
        except LibraryExportError as error:
            raise LocalSystemError(str(error)) from error


async def _export(data: Path, to: Path, url: str | None) -> str:
    store = Store(data / "storage", {})

    async def read_file(path: str) -> bytes | None:
        stored = store.objects.find(LIBRARY_BUCKET, path)
        return store.objects.content(stored).path.read_bytes() if stored else None

    if url is not None:
        return await export_library(url, read_file, to)
    async with embedded(data / "postgres") as own_url:
        return await export_library(own_url, read_file, to)


@contextlib.asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[str]:
    """Run the embedded Postgres on its data folder without migrating it; yields its URL."""
    await asyncio.to_thread(server.make_ready, folder)
    (port,) = ports.choose(folder.parent / "ports.json", ["postgres"]).values()
    process = await asyncio.create_subprocess_exec(
        *server.command(folder, port),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not await asyncio.to_thread(setup.is_up, port):
                if process.returncode is not None:
                    raise LocalSystemError("Postgres ended at its start.")
                await asyncio.sleep(0.05)
        yield server.url(port)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        await process.wait()
