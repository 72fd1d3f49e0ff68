"""Object version record, and its resource of the JSON API."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING
from urllib.parse import quote

from .database import now
from .metadata import Properties

if TYPE_CHECKING:
    import sqlite3

    from .content_store import Content


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One live object: the fields of its version, and its metadata."""

    bucket: str
    name: str
    generation: int
    metageneration: int
    size: int
    crc32c: str
    md5: str | None
    component_count: int | None
    created: str
    updated: str
    properties: Properties

    @classmethod
    def new(
        cls, bucket: str, name: str, content: Content, properties: Properties, generation: int
    ) -> StoredObject:
        """Create the first version of a new generation, with the current time."""
        created = now()
        return cls(
            bucket=bucket,
            name=name,
            generation=generation,
            metageneration=1,
            size=content.size,
            crc32c=content.crc32c,
            md5=content.md5,
            component_count=content.component_count,
            created=created,
            updated=created,
            properties=properties,
        )

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> StoredObject:
        """Create an object from a row, whose columns are the fields in their order."""
        return cls(**{**dict(row), "properties": json.loads(row["properties"])})

    def as_row(self) -> tuple[object, ...]:
        """Return the values of a row."""
        *columns, properties = (getattr(self, field.name) for field in fields(self))
        return (*columns, json.dumps(properties))

    @property
    def etag(self) -> str:
        """The etag, which changes with the bytes and the metadata."""
        return base64.b64encode(f"{self.generation}/{self.metageneration}".encode()).decode()

    def resource(self, base_url: str) -> Properties:
        """Return the object's resource of the JSON API; 64-bit numbers are strings."""
        path = f"storage/v1/b/{self.bucket}/o/{quote(self.name, safe='')}"
        computed = {
            "kind": "storage#object",
            "id": f"{self.bucket}/{self.name}/{self.generation}",
            "selfLink": f"{base_url}/{path}",
            "mediaLink": f"{base_url}/download/{path}?generation={self.generation}&alt=media",
            "name": self.name,
            "bucket": self.bucket,
            "generation": str(self.generation),
            "metageneration": str(self.metageneration),
            "storageClass": "STANDARD",
            "size": str(self.size),
            "md5Hash": self.md5,
            "crc32c": self.crc32c,
            "componentCount": self.component_count,
            "etag": self.etag,
            "timeCreated": self.created,
            "updated": self.updated,
        }
        return self.properties | {
            name: value for name, value in computed.items() if value is not None
        }
