"""What a plan's one row means on the wire: the status, the headers, the body."""

from typing import Any
from urllib.parse import quote

from functions.rest import deprecated, errors
from functions.rest.errors import RestError
from functions.rest.sql.plan import MOST_CHARACTERS, Plan
from shared.http import Content

_OF_READING = ("count", "handling")
_OF_WRITING = {
    "POST": ("resolution", "missing", "return", "count", "handling"),
    "PATCH": ("missing", "return", "count", "handling", "max-affected"),
    "DELETE": ("return", "count", "handling", "max-affected"),
}


def of(plan: Plan, row: dict[str, Any]) -> Content:
    """The answer. Raises RestError where what was found or written is not what was wanted."""
    asked = plan.asked
    if asked.format.is_single and row["count"] != 1 and not plan.gives_nothing:
        raise _not_single(row["count"])
    _heed_most_affected(plan, row["count"])
    if len(row["body"]) > MOST_CHARACTERS:
        message = "The answer is too long: ask for fewer rows or columns"
        raise RestError(400, "54000", message)
    if asked.calls or asked.reads:
        return _read(plan, row)
    return _written(plan, row)


def _read(plan: Plan, row: dict[str, Any]) -> Content:
    asked, count, total = plan.asked, row["count"], row["total"]
    first = asked.query.root.offset
    if total is not None and first > total:
        raise errors.bad_range(
            f"An offset of {first} was requested, but there are only {total} rows."
        )
    names = (*_OF_READING, "max-affected") if asked.calls else _OF_READING
    headers = {
        "content-range": _span(first, first + count - 1, total),
        **asked.prefer.applied(*names),
        **asked.profile,
        **(deprecated.header(asked.name) if asked.calls else {}),
    }
    if plan.gives_nothing:
        return Content(b"", None, headers, status=204)
    status = 206 if total is not None and count < total else 200
    return Content(_body(plan, row), asked.format.media_type, headers, status=status)


def _written(plan: Plan, row: dict[str, Any]) -> Content:
    asked, count = plan.asked, row["count"]
    total = count if asked.prefer.counts else None
    last = count - 1 if asked.method == "PATCH" else -1
    headers = {
        "content-range": _span(0, last, total),
        **asked.prefer.applied(*_OF_WRITING[asked.method]),
        **asked.profile,
    }
    if row["location"]:
        pairs = (f"{name}=eq.{quote(_text(value))}" for name, value in row["location"].items())
        headers["location"] = f"/{asked.name}?{'&'.join(pairs)}"
    told = asked.prefer.returns == "representation"
    status = 200 if told else 204
    if asked.method == "POST":
        # Null: no row came at all, or nothing was to be merged.
        status = 200 if row["inserted"] is not None and row["inserted"] <= 0 else 201
    body = _body(plan, row) if told else b""
    return Content(body, asked.format.media_type if told else None, headers, status=status)


def _body(plan: Plan, row: dict[str, Any]) -> bytes:
    text: str = row["body"]
    if plan.asked.format.is_csv:
        text = f"{plan.header}\n{text}"
    return b"" if plan.asked.method == "HEAD" else text.encode()


def _span(first: int, last: int, total: int | None) -> str:
    span = f"{first}-{last}" if first <= last and total != 0 else "*"
    return f"{span}/{'*' if total is None else total}"


def _heed_most_affected(plan: Plan, count: int) -> None:
    asked = plan.asked
    most = asked.prefer.most_affected
    if most is None or not asked.prefer.is_strict:
        return
    if asked.calls and not plan.is_set:
        message = (
            "Function must return SETOF or TABLE when max-affected preference is used with"
            " handling=strict"
        )
        raise RestError(400, "PGRST128", message)
    changes = asked.method in {"PATCH", "DELETE"} or asked.calls
    if changes and count > most:
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
