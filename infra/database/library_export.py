"""Write the library of a database, with its files, to a folder."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

ReadFile = Callable[[str], Awaitable[bytes | None]]
"""Read a file of the library's bucket by its path; None if it does not exist."""

_ASSETS = "select * from user_library order by created_at, id"
_COLLECTIONS = "select * from user_collections order by created_at, id"


class LibraryExportError(RuntimeError):
    """The library cannot be exported; the text says why."""


async def export_library(url: str, read_file: ReadFile, to: Path) -> str:
    """Write ``library.json`` and ``files/<storage path>``; return a summary for the terminal.

    ``library.json`` is written last: a folder that has it is complete. It reads any version of the
    tables, and changes nothing in the database or the bucket.

    Args:
        url: the database's URL, as a login that may become the role ``service``.
        read_file: reads the files of the library.
        to: the folder; created if it is missing.

    Raises:
        LibraryExportError: the folder is not empty.
    """
    await asyncio.to_thread(_check_empty, to)
    async with await psycopg.AsyncConnection.connect(url, row_factory=dict_row) as connection:
        await connection.execute("set transaction isolation level repeatable read read only")
        await connection.execute("set local role service")
        assets = await (await connection.execute(_ASSETS)).fetchall()
        collections = await (await connection.execute(_COLLECTIONS)).fetchall()
    missing = []
    for path in _paths(assets):
        content = await read_file(path)
        if content is None:
            missing.append(path)
        else:
            await asyncio.to_thread(_write, to / "files" / path, content)
    library = {"assets": assets, "collections": collections, "missing_files": missing}
    text = json.dumps(library, default=str, indent=2, ensure_ascii=False)
    await asyncio.to_thread(_write, to / "library.json", text.encode())
    suffix = f"; {len(missing)} files are missing, see library.json" if missing else ""
    return f"Exported {len(assets)} library assets to {to}{suffix}."


def _paths(assets: list[dict[str, Any]]) -> list[str]:
    paths = [row[column] for row in assets for column in ("storage_path", "thumbnail_path")]
    return [path for path in paths if path]


def _check_empty(to: Path) -> None:
    if to.exists() and any(to.iterdir()):
        raise LibraryExportError(f"{to} is not empty: choose another folder.")


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
