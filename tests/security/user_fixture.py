"""A user with at least one row and object of each kind, and checks of them."""

import json
from secrets import token_hex
from typing import Any
from uuid import UUID

from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker
from tests.support.workspace import act, library, make

_TABLES = {
    "jobs": "user_id",
    "profiles": "id",
    "credit_ledger": "user_id",
    "workspace_assets": "user_id",
    "user_library": "user_id",
    "user_collections": "user_id",
    "unfinished_copies": "user_id",
    "conversations": "user_id",
    "workspace_sessions": "user_id",
    "workspace_items": "user_id",
}
_MESSAGES = "select * from messages where conversation_id = %s"


class Belongings:
    """A user's rows and objects; each text contains ``mark``, which no other user can know."""

    def __init__(self, system: LocalSystem, worker: ScriptedWorker) -> None:
        self.system, self.person, self.mark = system, UserClient(system), f"mark{token_hex(8)}"
        person = self.person
        metadata: dict[str, Any] = {"num_images": 2, "session_name": f"{self.mark} session"}
        asset_id, saved = make(person, worker, prompt=f"a boat {self.mark}", **metadata)
        rows = person.rows("workspace_assets")
        made = act(person, "create_collection", name=self.mark).json()
        title = {"customTitle": self.mark, "tags": [self.mark]}
        collection = made["collectionId"]
        kept = act(
            person, "save_to_library", assetId=saved, collectionId=collection, **title
        ).json()
        running = person.create_job(f"waiting {self.mark}")
        worker.message(running)
        self.ids = {
            "assetId": asset_id,
            "jobId": str(rows[0]["job_id"]),
            "libraryAssetId": str(kept["libraryAssetId"]),
            "collectionId": str(made["collectionId"]),
        }
        self.more = {"running": running, "user": person.id, **self._spoken()}
        (mine,) = library(person)
        self.paths = [f"workspace-temp/{row['temp_storage_path']}" for row in rows]
        self.paths.append(f"user-library/{mine['storage_path']}")

    def _spoken(self) -> dict[str, str]:
        """Create a conversation, and return the ids that the deprecated procedures take."""
        conversation = self.system.value(
            "insert into conversations (user_id, title) values (%s, %s) returning id",
            self.person.id,
            self.mark,
        )
        message = self.system.value(
            "insert into messages (conversation_id, seq, sender, content)"
            " values (%s, 1, 'user', %s) returning id",
            conversation,
            self.mark,
        )
        sessions = self.person.rows("workspace_sessions")
        items = self.system.rows(
            "select id from workspace_items where user_id = %s", self.person.id
        )
        ids = {"conversation": conversation, "message": message}
        ids |= {f"session{number}": row["id"] for number, row in enumerate(sessions)}
        ids |= {f"item{number}": row["id"] for number, row in enumerate(items)}
        return {name: str(value) for name, value in ids.items()}

    def every_id(self) -> dict[str, str]:
        """Return every id that another user could learn and send."""
        return {**self.ids, **self.more}

    def all(self) -> frozenset[str]:
        """Return every row and object of the user as text; Postgres returns rows in any order."""
        rows = {
            table: self.system.rows(f"select * from {table} where {column} = %s", self.person.id)
            for table, column in _TABLES.items()
        }
        for row in rows["jobs"]:  # dispatch changes these meanwhile
            for name in ("dispatch_no", "dispatched_at", "claim_by", "worker_id", "updated_at"):
                del row[name]
        rows["messages"] = self.system.rows(_MESSAGES, self.more["conversation"])
        texts = (
            json.dumps([table, row], default=str, sort_keys=True)
            for table, several in rows.items()
            for row in several
        )
        return frozenset(texts) | {path for path in self.system.objects() if self.person.id in path}

    def changes_since(self, before: frozenset[str]) -> list[str]:
        """Return the rows and objects that differ from an earlier result of ``all``."""
        return sorted(before ^ self.all())

    def is_shown_in(self, text: str) -> bool:
        """Return whether a response contains any of the user's texts."""
        return self.mark in text


def is_id(annotation: object, inner: tuple[object, ...]) -> bool:
    """Return whether a field of a request is an id."""
    return annotation is UUID or UUID in inner
