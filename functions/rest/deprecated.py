"""Functions of the database that clients should leave."""

from datetime import UTC, datetime

_SINCE = {
    "create_workspace_session": datetime(2026, 11, 23, tzinfo=UTC),
    "save_workspace_item_to_library": datetime(2026, 11, 23, tzinfo=UTC),
    "clear_workspace_session": datetime(2026, 11, 23, tzinfo=UTC),
}


def header(name: str) -> dict[str, str]:
    """The header ``Deprecation`` of RFC 9745, where the function is deprecated."""
    since = _SINCE.get(name)
    return {"deprecation": f"@{int(since.timestamp())}"} if since else {}
