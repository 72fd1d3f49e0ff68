"""An event, as it is told to many channels: who may hear of it, and its JSON."""

import json
from typing import Any

from functions.realtime.schema import Table
from shared.db.queries.change_events import Event

PUBLIC_TABLE = "user_library"
"""Whose rows others may see while they are public, as the policy `public_rows` has it."""


class ChangeMessage:
    """One event, and what is worked out of it once for all who hear it."""

    def __init__(self, event: Event) -> None:
        self.event = event
        self.row = _known(event)
        self._data: dict[int, str] = {}

    @property
    def is_public(self) -> bool:
        """Whether others than the owner may see the row as it is now.

        A row that was public is nobody else's business any more: neither that it was withdrawn nor
        that it was deleted is told, for who hears that would hear it of rows that never were.
        """
        record = self.event.record or {}
        return self.event.table == PUBLIC_TABLE and record.get("visibility") == "public"

    def data(self, table: Table) -> str:
        """``data`` of the change, of the columns that the table's reader may see."""
        if (known := self._data.get(id(table))) is None:
            known = self._data[id(table)] = self._written(table)
        return known

    def _written(self, table: Table) -> str:
        event = self.event
        data: dict[str, Any] = {
            "schema": "public",
            "table": event.table,
            "commit_timestamp": event.at.isoformat(),
            "type": event.type,
            "columns": [{"name": name, "type": of} for name, of in table.columns.items()],
        }
        # One that is null is left out, as Supabase leaves it out.
        for name, row in (("record", event.record), ("old_record", event.old_record)):
            if row is not None:
                data[name] = {key: row[key] for key in row if key in table.columns}
        data["errors"] = None
        return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def _known(event: Event) -> dict[str, Any]:
    """The row as a filter sees it: of one that is gone, its id, owner and job are known."""
    if event.record is not None:
        return event.record
    row = {**(event.old_record or {}), "user_id": str(event.user_id)}
    if event.table != "jobs" and event.job_id is not None:
        row["job_id"] = str(event.job_id)
    return row
