"""Resumable uploads: bytes that arrive in many requests and survive a restart."""

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
    """One upload: its target, its preconditions, and its generation once it is finished."""

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
        # One at a time: the checksums are computed in steps, and neither a cancellation nor a
        # second request to finish the same upload may run in between.
        self._finishing = asyncio.Lock()
        self._remove_stale()

    def begin(
        self,
        bucket: str,
        name: str,
        properties: Properties,
        expected: dict[str, str],
        conditions: Preconditions,
    ) -> str:
        """Start an upload and return its id."""
        self._objects.check_write(bucket, name, conditions)
        upload_id = uuid4().hex
        self._path(upload_id).touch()
        query = "insert into uploads values (?, ?, ?, ?, ?, ?, ?, null)"
        texts = map(json.dumps, (properties, expected, dataclasses.asdict(conditions)))
        self._database.execute(query, (upload_id, bucket, name, *texts, now()))
        return upload_id

    def get(self, upload_id: str) -> Upload:
        """Return an upload.

        Raises:
            NoSuchUploadError: it does not exist.
        """
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
        """Return how many bytes have arrived, including those of a killed process."""
        return self._arrived(self._path(upload.id))

    async def append(
        self, upload: Upload, position: int, total: int | None, chunks: AsyncIterable[bytes]
    ) -> None:
        """Add bytes that begin at `position`, skipping those that have already arrived.

        The size of the file is read for each chunk, so that two requests with the same bytes
        (a stalled one and its retry) write each byte once.

        Raises:
            InvalidError: the bytes do not continue the upload, or exceed `total`.
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
        """Publish the received bytes as the object; a repeated request gets the same object."""
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
        """Return the object of a finished upload, while it is live."""
        return self._objects.get(upload.bucket, upload.name, generation=upload.generation)

    async def cancel(self, upload_id: str) -> None:
        """Delete an upload and its bytes."""
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

    def _remove_stale(self) -> None:
        """Delete uploads older than a week, and files without an upload."""
        oldest = (datetime.now(UTC) - _LIFETIME).isoformat()
        self._database.execute("delete from uploads where created < ?", (oldest,))
        rows = self._database.execute("select id from uploads where generation is null")
        growing = {row["id"] for row in rows}
        for path in self._directory.iterdir():
            if path.name not in growing:
                path.unlink()
