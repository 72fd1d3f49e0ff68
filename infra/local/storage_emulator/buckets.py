"""Bucket store: names and configurations."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .database import now
from .errors import ConflictError, InvalidError, NoSuchBucketError
from .metadata import Properties, merge
from .preconditions import NO_CONDITIONS, Preconditions

if TYPE_CHECKING:
    from .database import Database

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket and its configuration; it has metadata versions, but only one generation."""

    name: str
    metageneration: int
    created: str
    updated: str
    properties: Properties
    generation: int = 1

    def resource(self, base_url: str) -> Properties:
        """Return the bucket's resource of the JSON API."""
        return {
            "storageClass": "STANDARD",
            "location": "US",
            "locationType": "multi-region",
            **self.properties,
            "kind": "storage#bucket",
            "id": self.name,
            "name": self.name,
            "selfLink": f"{base_url}/storage/v1/b/{self.name}",
            "projectNumber": "0",
            "metageneration": str(self.metageneration),
            "etag": f"bucket/{self.metageneration}",
            "timeCreated": self.created,
            "updated": self.updated,
        }


class Buckets:
    """The table of buckets."""

    def __init__(self, database: Database, defaults: Properties) -> None:
        self._database = database
        self._defaults = defaults

    def create(self, name: object, properties: Properties) -> Bucket:
        """Create a bucket; properties that are not set get the defaults.

        Raises:
            InvalidError: the name is invalid.
            ConflictError: the bucket exists.
        """
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise InvalidError(f"Invalid bucket name: '{name}'")
        merged = merge(self._defaults, properties)
        query = "insert into buckets values (?, 1, ?, ?, ?)"
        created = now()
        try:
            self._database.execute(query, (name, created, created, json.dumps(merged)))
        except sqlite3.IntegrityError as error:
            message = (
                "Your previous request to create the named bucket succeeded and you already own it."
            )
            raise ConflictError(message) from error
        return Bucket(name, 1, created, created, merged)

    def find(self, name: str) -> Bucket | None:
        """Return a bucket, or None if it does not exist."""
        query = "select * from buckets where name = ?"
        row = self._database.execute(query, (name,)).fetchone()
        return _bucket(row) if row else None

    def get(
        self, name: str, conditions: Preconditions = NO_CONDITIONS, *, reading: bool = False
    ) -> Bucket:
        """Return a bucket.

        Raises:
            NoSuchBucketError: it does not exist.
            PreconditionFailedError: it does not meet the conditions.
            NotModifiedError: the same while ``reading``.
        """
        bucket = self.find(name)
        if not bucket:
            raise NoSuchBucketError
        conditions.check(bucket, reading=reading)
        return bucket

    def list(self, prefix: str, after: str) -> list[Bucket]:
        """Return the buckets with a prefix whose names come after `after`, ordered by name."""
        query = "select * from buckets where name > ? order by name"
        rows = self._database.execute(query, (after,))
        return [_bucket(row) for row in rows if row["name"].startswith(prefix)]

    def patch(self, name: str, changes: Properties, conditions: Preconditions) -> Bucket:
        """Change a bucket's properties and return the bucket."""
        with self._database.transaction():
            properties = merge(self.get(name, conditions).properties, changes)
            query = (
                "update buckets set metageneration = metageneration + 1, updated = ?, "
                "properties = ? where name = ?"
            )
            self._database.execute(query, (now(), json.dumps(properties), name))
        return self.get(name)

    def delete(self, name: str, conditions: Preconditions) -> None:
        """Delete an empty bucket.

        Raises:
            ConflictError: it is not empty.
        """
        with self._database.transaction():
            self.get(name, conditions)
            try:
                self._database.execute("delete from buckets where name = ?", (name,))
            except sqlite3.IntegrityError as error:
                raise ConflictError("The bucket you tried to delete is not empty.") from error


def _bucket(row: sqlite3.Row) -> Bucket:
    return Bucket(
        name=row["name"],
        metageneration=row["metageneration"],
        created=row["created"],
        updated=row["updated"],
        properties=json.loads(row["properties"]),
    )
