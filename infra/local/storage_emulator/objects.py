"""Object store: the live version of each object, published atomically under preconditions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .content_store import Content
from .database import now
from .errors import InvalidError, NoSuchObjectError
from .metadata import Properties, merge
from .preconditions import NO_CONDITIONS, Preconditions
from .stored_object import StoredObject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .buckets import Buckets
    from .content_store import ContentFiles
    from .database import Database

_NAME_BYTES_LIMIT = 1024
_INSERT = "insert or replace into objects values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Objects:
    """The table of live objects; each row has a complete file."""

    def __init__(self, database: Database, buckets: Buckets, files: ContentFiles) -> None:
        self._database = database
        self._buckets = buckets
        self._files = files
        rows = database.execute("select generation from objects")
        files.remove_stale({row["generation"] for row in rows})

    def find(self, bucket: str, name: str) -> StoredObject | None:
        """Return a live object, or None if it does not exist."""
        query = "select * from objects where bucket = ? and name = ?"
        row = self._database.execute(query, (bucket, name)).fetchone()
        return StoredObject.from_row(row) if row else None

    def get(
        self,
        bucket: str,
        name: str,
        conditions: Preconditions = NO_CONDITIONS,
        *,
        generation: int | None = None,
        reading: bool = False,
    ) -> StoredObject:
        """Return a live object.

        Args:
            bucket: the bucket's name.
            name: the object's name.
            conditions: the preconditions of the request.
            generation: the required generation; None for any.
            reading: whether a failed condition is a NotModifiedError.

        Raises:
            NoSuchBucketError: the bucket does not exist.
            NoSuchObjectError: the object, or its generation, does not exist.
            PreconditionFailedError: a condition does not hold.
            NotModifiedError: the same while ``reading``.
        """
        stored = self.find(bucket, name)
        if not stored:
            self._buckets.get(bucket)
        if not stored or generation not in {None, stored.generation}:
            raise NoSuchObjectError(f"No such object: {bucket}/{name}")
        conditions.check(stored, reading=reading)
        return stored

    def content(self, stored: StoredObject) -> Content:
        """Return an object's content, to store it as another object."""
        path = self._files.path(stored.generation)
        return Content(path, stored.size, stored.crc32c, stored.md5, stored.component_count)

    def check_write(self, bucket: str, name: str, conditions: Preconditions) -> StoredObject | None:
        """Check that an object may be written; return the object it would replace, if any.

        Raises:
            NoSuchBucketError: the bucket does not exist.
            InvalidError: the name is invalid.
            PreconditionFailedError: a condition does not hold.
        """
        self._buckets.get(bucket)
        _check_name(name)
        replaced = self.find(bucket, name)
        conditions.check(replaced)
        return replaced

    def publish(
        self,
        bucket: str,
        name: str,
        content: Content,
        properties: Properties,
        conditions: Preconditions,
        *,
        upload_id: str | None = None,
    ) -> StoredObject:
        """Publish a content as the live object, in one transaction.

        Args:
            bucket: the bucket's name.
            name: the object's name.
            content: the bytes, stored on disk.
            properties: the object's metadata.
            conditions: the preconditions of the request.
            upload_id: the resumable upload to mark as finished, if any.
        """
        with self._database.transaction():
            replaced = self.check_write(bucket, name, conditions)
            generation = self._database.next_generation()
            stored = StoredObject.new(bucket, name, content, properties, generation)
            # The file is stored first: a row never refers to a missing file.
            self._files.adopt(content, stored.generation)
            self._database.execute(_INSERT, stored.as_row())
            query = "update uploads set generation = ? where id = ?"
            if upload_id:
                self._database.execute(query, (stored.generation, upload_id))
        if replaced:
            self._files.discard(replaced.generation)
        return stored

    def patch(
        self,
        bucket: str,
        name: str,
        changes: Properties,
        conditions: Preconditions,
        generation: int | None,
    ) -> StoredObject:
        """Change an object's metadata; its bytes and generation stay the same."""
        with self._database.transaction():
            stored = self.get(bucket, name, conditions, generation=generation)
            properties = merge(stored.properties, changes)
            query = (
                "update objects set metageneration = metageneration + 1, updated = ?, "
                "properties = ? where bucket = ? and name = ?"
            )
            self._database.execute(query, (now(), json.dumps(properties), bucket, name))
        return self.get(bucket, name)

    def delete(
        self, bucket: str, name: str, conditions: Preconditions, generation: int | None = None
    ) -> None:
        """Delete an object, and then its file."""
        with self._database.transaction():
            stored = self.get(bucket, name, conditions, generation=generation)
            query = "delete from objects where bucket = ? and name = ?"
            self._database.execute(query, (bucket, name))
        self._files.discard(stored.generation)

    def list(self, bucket: str, first: str) -> Iterator[StoredObject]:
        """Iterate over a bucket's objects ordered by name, from `first` on."""
        self._buckets.get(bucket)
        query = "select * from objects where bucket = ? and name >= ? order by name"
        return map(StoredObject.from_row, self._database.execute(query, (bucket, first)))


def _check_name(name: str) -> None:
    if not 0 < len(name.encode()) <= _NAME_BYTES_LIMIT or name in {".", ".."}:
        raise InvalidError("Invalid object name.")
    if "\r" in name or "\n" in name:
        raise InvalidError("Disallowed unicode characters present in object name.")
