"""Errors with the body and codes of PostgREST."""

from psycopg import Error
from pydantic import BaseModel

from functions.rest import status_codes
from shared.errors import (
    ApiError,
    MethodNotAllowedError,
    NotFoundError,
    PayloadTooLargeError,
    RateLimitedError,
    ServiceUnavailableError,
    TooManyRequestsError,
    UnauthenticatedError,
)
from shared.http import HttpRequest

_MAY_BE_STALE = {"PGRST200", "PGRST202", "PGRST204", "PGRST205", "42703"}
_CODES: dict[type[ApiError], str] = {
    ServiceUnavailableError: "PGRST000",
    PayloadTooLargeError: "PGRST102",
    NotFoundError: "PGRST125",
    RateLimitedError: RateLimitedError.code,
    TooManyRequestsError: TooManyRequestsError.code,
}


class DatabaseProblem(BaseModel):
    """Body of an error of ``/rest/v1``; the code is PostgREST's or a SQLSTATE of Postgres."""

    code: str
    message: str
    details: str | list[dict[str, str]] | None = None
    hint: str | None = None


class RestError(ApiError):
    """An error with a PostgREST code or a SQLSTATE of Postgres."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: str | list[dict[str, str]] | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.status = status
        self.public_details = details
        self.hint = hint

    @property
    def may_be_stale_schema(self) -> bool:
        """Whether it reports an unknown name, which a migration may have added since."""
        return self.error_code in _MAY_BE_STALE


def body(problem: ApiError, call: HttpRequest) -> DatabaseProblem:
    """Convert an error to PostgREST's body."""
    body = DatabaseProblem(code=_code(problem, call), message=problem.message)
    if isinstance(problem, RestError):
        body.details, body.hint = problem.public_details, problem.hint
    return body


def _code(problem: ApiError, call: HttpRequest) -> str:
    match problem:
        case RestError():
            return problem.error_code
        case UnauthenticatedError(error_code="token_expired"):
            return "PGRST303"
        case UnauthenticatedError():
            return "PGRST301" if "authorization" in call.headers else "PGRST302"
        case MethodNotAllowedError():
            return "PGRST101" if call.path.startswith("/rpc/") else "PGRST117"
        case _:
            return _CODES.get(type(problem), "PGRSTX00")


def from_postgres_error(error: Error, *, is_anon: bool) -> RestError | None:
    """Convert an error of Postgres; None if the request is not at fault."""
    state = error.sqlstate
    if state is None or (status := status_codes.of(state, is_anon=is_anon)) is None:
        return None
    diagnostic = error.diag
    return RestError(
        status,
        state,
        diagnostic.message_primary or "The database refused this.",
        details=diagnostic.message_detail if status_codes.has_public_detail(state) else None,
        hint=diagnostic.message_hint,
    )


def unparsed(what: str, text: str, column: int, details: str) -> RestError:
    """PGRST100: a part of the query string cannot be parsed.

    Args:
        what: the parameter, such as ``filter``.
        text: its value.
        column: position of the error, from 1.
        details: what was expected.
    """
    where = f'"failed to parse {what} ({text})" (line 1, column {column})'
    return RestError(400, "PGRST100", where, details=details)


def bad_body(message: str) -> RestError:
    """PGRST102: the body is not valid."""
    return RestError(400, "PGRST102", message)


def bad_range(details: str) -> RestError:
    """PGRST103: the requested range is not satisfiable."""
    return RestError(416, "PGRST103", "Requested range not satisfiable", details=details)


def not_embedded(name: str) -> RestError:
    """PGRST108: a filter, order or limit of a resource that is not in ``select``."""
    return RestError(
        400,
        "PGRST108",
        f"'{name}' is not an embedded resource in this request",
        hint=f"Verify that '{name}' is included in the 'select' query parameter.",
    )


def not_implemented(details: str) -> RestError:
    """PGRST127: a feature of PostgREST that is not implemented here."""
    return RestError(400, "PGRST127", "Feature not implemented", details=details)


def too_complex(details: str) -> RestError:
    """54001 (``statement_too_complex`` in Postgres); ``details`` names the limit."""
    return RestError(400, "54001", "The query is too complex.", details=details)


def unknown_column(table: str, column: str) -> RestError:
    """42703, with Postgres's message: an unknown column in select, order or a filter."""
    return RestError(400, "42703", f"column {table}.{column} does not exist")


def unknown_body_column(table: str, column: str) -> RestError:
    """PGRST204: an unknown column in the body of a write."""
    message = f"Could not find the '{column}' column of '{table}' in the schema cache"
    return RestError(400, "PGRST204", message)


def unknown_table(name: str) -> RestError:
    """PGRST205: the table does not exist, or the role may not see it."""
    message = f"Could not find the table 'public.{name}' in the schema cache"
    return RestError(404, "PGRST205", message)


def forbidden(table: str, *, is_anon: bool) -> RestError:
    """42501, with Postgres's message: the role may not access the table."""
    status = 401 if is_anon else 403
    return RestError(status, "42501", f"permission denied for table {table}")
