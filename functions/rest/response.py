"""Build the HTTP response: status, headers, body."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from functions.rest import errors
from functions.rest.errors import RestError
from functions.rest.sql.plan import MAX_CHARACTERS, Plan
from shared.http import RawResponse

_OF_READING = ("count", "handling")
_OF_WRITING = {
    "POST": ("resolution", "missing", "return", "count", "handling"),
    "PATCH": ("missing", "return", "count", "handling", "max-affected"),
    "DELETE": ("return", "count", "handling", "max-affected"),
}


def render_response(plan: Plan, row: dict[str, Any]) -> RawResponse:
    """Build the response.

    Raises:
        RestError: 54000 for a body that is too long, PGRST103 for an offset beyond the last row,
            PGRST116 if a single object was requested and there is not exactly one, PGRST124 or
            PGRST128 for ``max-affected``.
    """
    request = plan.request
    if request.format.is_single and row["count"] != 1 and not plan.returns_void:
        raise _not_single(row["count"])
    _enforce_max_affected(plan, row["count"])
    if len(row["body"]) > MAX_CHARACTERS:
        message = "The response is too large: request fewer rows or columns"
        raise RestError(400, "54000", message)
    if request.is_rpc or request.is_read:
        return _read(plan, row)
    return _written(plan, row)


def _read(plan: Plan, row: dict[str, Any]) -> RawResponse:
    request, count, total = plan.request, row["count"], row["total"]
    first = request.query.root.offset
    if total is not None and first > total:
        raise errors.bad_range(
            f"An offset of {first} was requested, but there are only {total} rows."
        )
    names = (*_OF_READING, "max-affected") if request.is_rpc else _OF_READING
    headers = {
        "content-range": _content_range(first, first + count - 1, total),
        **request.prefer.applied(*names),
        **request.profile,
        **(_deprecation_header(request.name) if request.is_rpc else {}),
    }
    if plan.returns_void:
        return RawResponse(b"", None, headers, status=204)
    status = 206 if total is not None and count < total else 200
    return RawResponse(_body(plan, row), request.format.media_type, headers, status=status)


def _written(plan: Plan, row: dict[str, Any]) -> RawResponse:
    request, count = plan.request, row["count"]
    total = count if request.prefer.counts else None
    last = count - 1 if request.method == "PATCH" else -1
    headers = {
        "content-range": _content_range(0, last, total),
        **request.prefer.applied(*_OF_WRITING[request.method]),
        **request.profile,
    }
    if row["location"]:
        pairs = (f"{name}=eq.{quote(_text(value))}" for name, value in row["location"].items())
        headers["location"] = f"/{request.name}?{'&'.join(pairs)}"
    has_body = request.prefer.returns == "representation"
    status = 200 if has_body else 204
    if request.method == "POST":
        # Null: the body had no rows, or the insert does not merge.
        status = 200 if row["inserted"] is not None and row["inserted"] <= 0 else 201
    body = _body(plan, row) if has_body else b""
    return RawResponse(
        body, request.format.media_type if has_body else None, headers, status=status
    )


def _body(plan: Plan, row: dict[str, Any]) -> bytes:
    text: str = row["body"]
    if plan.request.format.is_csv:
        text = f"{plan.header}\n{text}"
    return b"" if plan.request.method == "HEAD" else text.encode()


def _content_range(first: int, last: int, total: int | None) -> str:
    span = f"{first}-{last}" if first <= last and total != 0 else "*"
    return f"{span}/{'*' if total is None else total}"


def _enforce_max_affected(plan: Plan, count: int) -> None:
    request = plan.request
    limit = request.prefer.max_affected
    if limit is None or not request.prefer.is_strict:
        return
    if request.is_rpc and not plan.is_set:
        message = (
            "Function must return SETOF or TABLE when max-affected preference is used with"
            " handling=strict"
        )
        raise RestError(400, "PGRST128", message)
    changes = request.method in {"PATCH", "DELETE"} or request.is_rpc
    if changes and count > limit:
        raise RestError(
            400,
            "PGRST124",
            "Query result exceeds max-affected preference constraint",
            details=f"The query affects {count} rows",
        )


def _not_single(count: int) -> RestError:
    return RestError(
        406,
        "PGRST116",
        "Cannot coerce the result to a single JSON object",
        details=f"The result contains {count} rows",
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value)


_DEPRECATED_SINCE = {
    "create_workspace_session": datetime(2026, 11, 23, tzinfo=UTC),
    "save_workspace_item_to_library": datetime(2026, 11, 23, tzinfo=UTC),
    "clear_workspace_session": datetime(2026, 11, 23, tzinfo=UTC),
}


def _deprecation_header(name: str) -> dict[str, str]:
    """Return the header ``Deprecation`` (RFC 9745) if the function is deprecated, else nothing."""
    since = _DEPRECATED_SINCE.get(name)
    return {"deprecation": f"@{int(since.timestamp())}"} if since else {}
