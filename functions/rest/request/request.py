"""Parses an HTTP request into a RestRequest, without knowledge of the schema."""

import json
from dataclasses import dataclass
from typing import Any

from functions.rest import errors
from functions.rest.errors import RestError
from functions.rest.request import headers, limits
from functions.rest.request.headers import Format, Preferences
from functions.rest.request.query_string import Query, read_query
from shared.http import HttpRequest

_READS = {"GET", "HEAD"}


@dataclass(frozen=True, slots=True)
class Body:
    """The rows of a write, as the client sent them; Postgres converts them to column types."""

    rows: str
    """A JSON array."""
    keys: tuple[frozenset[str], ...]
    """Keys of each row."""
    is_list: bool


@dataclass(frozen=True, slots=True)
class RestRequest:
    """A parsed request."""

    method: str
    name: str
    """Name of the table or function."""
    is_rpc: bool
    query: Query
    prefer: Preferences
    format: Format
    body: Body | None
    profile: dict[str, str]

    @property
    def is_read(self) -> bool:
        """Whether its method is GET or HEAD, which change nothing."""
        return self.method in _READS


async def parse_request(call: HttpRequest) -> RestRequest:
    """Parse a request. Raises RestError for anything that is not valid."""
    name, calls = _target(call)
    reads = call.method in _READS
    profile = headers.schema(call.headers, reads=reads)
    query = read_query(call.query.multi_items(), calls=calls and reads)
    if call.method == "GET":
        node = query.root
        span = call.headers.get("range", "")
        node.limit, node.offset = headers.parse_range(span, node.limit, node.offset)
    return RestRequest(
        method=call.method,
        name=name,
        is_rpc=calls,
        query=query,
        prefer=headers.preferences(call.headers.get("prefer", "")),
        format=headers.accepted(call.headers.get("accept", "")),
        body=await _body(call, calls=calls) if call.method in {"POST", "PATCH"} else None,
        profile=profile,
    )


def _target(call: HttpRequest) -> tuple[str, bool]:
    match call.path.strip("/").split("/"):
        case [""]:
            raise RestError(404, "PGRST126", "Root endpoint metadata is disabled")
        case [table]:
            return table, False
        case ["rpc", function]:
            if call.method in {"PATCH", "DELETE"}:
                message = f"Cannot use the {call.method} method on RPC"
                raise RestError(405, "PGRST101", message)
            return function, True
        case _:
            raise RestError(404, "PGRST125", "Invalid path specified in request URL")


async def _body(call: HttpRequest, *, calls: bool) -> Body:
    media_type = call.headers.get("content-type", "application/json").partition(";")[0]
    if media_type.strip().lower() != "application/json":
        raise errors.bad_body(f"Content-Type not acceptable: {media_type}")
    body = await call.body()
    if calls and not body.strip():
        body = b"{}"
    try:
        text = body.decode()
        content: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise errors.bad_body("Empty or invalid json") from None
    is_list = isinstance(content, list)
    rows = content if is_list else [content]
    if not all(isinstance(row, dict) for row in rows) or (calls and is_list):
        raise errors.bad_body("A JSON object is expected, or an array of them to write")
    limits.check_inserted(rows)
    keys = tuple(frozenset(row) for row in rows)
    return Body(text if is_list else f"[{text}]", keys, is_list)
