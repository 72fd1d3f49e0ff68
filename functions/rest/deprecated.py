"""Deprecated database functions and their response header."""

from datetime import UTC, datetime

_SINCE = {
    "create_workspace_session": datetime(2026, 11, 23, tzinfo=UTC),
    "save_workspace_item_to_library": datetime(2026, 11, 23, tzinfo=UTC),
    "clear_workspace_session": datetime(2026, 11, 23, tzinfo=UTC),
}


def header(name: str) -> dict[str, str]:
    """Return the header ``Deprecation`` (RFC 9745) if the function is deprecated, else nothing."""
    since = _SINCE.get(name)
    return {"deprecation": f"@{int(since.timestamp())}"} if since else {}
