"""A change event for many channels: who may receive it, and its JSON, serialised once."""

import json
from typing import Any

from functions.realtime.schema import Table
from shared.db.queries.change_events import Event

PUBLIC_TABLE = "user_library"
"""Its rows are visible to every caller while they are public (policy `public_rows`)."""


class ChangeMessage:
    """One event, and what is computed from it once for all channels."""

    def __init__(self, event: Event) -> None:
        self.event = event
        self.row = _known(event)
        self._data: dict[int, str] = {}

    @property
    def is_public(self) -> bool:
        """Whether callers other than the owner may see the row in its current state.

        When a public row is made private or deleted, only its owner receives the event: the events
        of rows that were never public look the same and must not reach other callers.
        """
        record = self.event.record or {}
        return self.event.table == PUBLIC_TABLE and record.get("visibility") == "public"

    def data(self, table: Table) -> str:
        """Return ``data`` of the change as JSON, with the columns that the role may read."""
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
        # A record that is null is omitted, as Supabase does.
        for name, row in (("record", event.record), ("old_record", event.old_record)):
            if row is not None:
                data[name] = {key: row[key] for key in row if key in table.columns}
        data["errors"] = None
        return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def _known(event: Event) -> dict[str, Any]:
    """Return the row that filters apply to: of a deleted one, only its id, owner and job."""
    if event.record is not None:
        return event.record
    row = {**(event.old_record or {}), "user_id": str(event.user_id)}
    if event.table != "jobs" and event.job_id is not None:
        row["job_id"] = str(event.job_id)
    return row
