"""Resumable uploads: bytes that arrive over many requests, and survive a restart in between."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from .content_store import measure
from .database import now
from .errors import InvalidError, NoSuchUploadError
from .preconditions import Preconditions

if TYPE_CHECKING:
    from collections.abc import AsyncIterable
    from pathlib import Path

    from .database import Database
    from .metadata import Properties
    from .objects import Objects
    from .stored_object import StoredObject

_LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload: where it goes, on what conditions, and its outcome once it has one."""

    id: str
    bucket: str
    name: str
    properties: Properties
    expected: dict[str, str]
    conditions: Preconditions
    generation: int | None


class Uploads:
    """The table of resumable uploads, each with a file that grows as its bytes arrive."""

    def __init__(self, database: Database, objects: Objects, directory: Path) -> None:
        self._database = database
        self._objects = objects
        self._directory = directory / "resumable"
        self._directory.mkdir(exist_ok=True)
        # One at a time: the checksums of the whole are computed in steps, and neither a
        # cancellation nor a second request for the same end may come between them.
        self._finishing = asyncio.Lock()
        self._mop_up()

    def begin(
        self,
        bucket: str,
        name: str,
        properties: Properties,
        expected: dict[str, str],
        conditions: Preconditions,
    ) -> str:
        """Open an upload and give its id."""
        self._objects.check_write(bucket, name, conditions)
        upload_id = uuid4().hex
        self._path(upload_id).touch()
        query = "insert into uploads values (?, ?, ?, ?, ?, ?, ?, null)"
        texts = map(json.dumps, (properties, expected, dataclasses.asdict(conditions)))
        self._database.execute(query, (upload_id, bucket, name, *texts, now()))
        return upload_id

    def get(self, upload_id: str) -> Upload:
        """Give an upload that must be known."""
        query = "select * from uploads where id = ?"
        row = self._database.execute(query, (upload_id,)).fetchone()
        if not row:
            raise NoSuchUploadError
        return Upload(
            id=row["id"],
            bucket=row["bucket"],
            name=row["name"],
            properties=json.loads(row["properties"]),
            expected=json.loads(row["expected"]),
            conditions=Preconditions(**json.loads(row["conditions"])),
            generation=row["generation"],
        )

    def received(self, upload: Upload) -> int:
        """Say how many bytes have arrived; of a killed process's writes none is lost."""
        return self._arrived(self._path(upload.id))

    async def append(
        self, upload: Upload, position: int, total: int | None, chunks: AsyncIterable[bytes]
    ) -> None:
        """Add bytes that begin at `position`, passing over those that have already arrived.

        The end of the file is looked up for each piece, so that two requests for the same bytes
        (a stalled one and its retry) write each byte once.
        """
        path = self._path(upload.id)
        async for chunk in chunks:
            arrived = self._arrived(path) - position
            position += len(chunk)
            if arrived < 0 or (total is not None and position > total):
                raise InvalidError("Invalid request: the bytes do not continue the upload.")
            if chunk[arrived:]:
                with path.open("ab", buffering=0) as file:
                    file.write(chunk[arrived:])

    async def finish(self, upload_id: str, expected: dict[str, str]) -> StoredObject:
        """Publish what has arrived as the object; a second request gets the first one's outcome."""
        async with self._finishing:
            upload = self.get(upload_id)
            if upload.generation is not None:
                return self.outcome(upload)
            content = await measure(self._path(upload_id), self.received(upload))
            content.verify(upload.expected | expected)
            stored = self._objects.publish(
                upload.bucket,
                upload.name,
                content,
                upload.properties,
                upload.conditions,
                upload_id=upload_id,
            )
            self._path(upload_id).unlink()
            return stored

    def outcome(self, upload: Upload) -> StoredObject:
        """Give the object that a finished upload became, while it is live."""
        return self._objects.get(upload.bucket, upload.name, generation=upload.generation)

    async def cancel(self, upload_id: str) -> None:
        """Forget an upload and its bytes."""
        async with self._finishing:
            self.get(upload_id)
            self._database.execute("delete from uploads where id = ?", (upload_id,))
            self._path(upload_id).unlink(missing_ok=True)

    def _path(self, upload_id: str) -> Path:
        return self._directory / upload_id

    def _arrived(self, path: Path) -> int:
        try:
            return path.stat().st_size
        except FileNotFoundError:
            raise NoSuchUploadError from None

    def _mop_up(self) -> None:
        """Forget uploads older than a week, and files that belong to none."""
        oldest = (datetime.now(UTC) - _LIFETIME).isoformat()
        self._database.execute("delete from uploads where created < ?", (oldest,))
        rows = self._database.execute("select id from uploads where generation is null")
        growing = {row["id"] for row in rows}
        for path in self._directory.iterdir():
            if path.name not in growing:
                path.unlink()
