"""Emulator state: the tables and files in one directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .buckets import Buckets
from .content_store import ContentFiles
from .database import Database
from .objects import Objects
from .uploads import Uploads

if TYPE_CHECKING:
    from pathlib import Path

    from .metadata import Properties


class Store:
    """The tables and files of one emulator; stale files are removed when it is opened."""

    def __init__(self, directory: Path, bucket_defaults: Properties) -> None:
        self.files = ContentFiles(directory)
        database = Database(directory / "metadata.sqlite3")
        self.buckets = Buckets(database, bucket_defaults)
        self.objects = Objects(database, self.buckets, self.files)
        self.uploads = Uploads(database, self.objects, directory)
