"""Refusals, in the shape and with the codes that PostgREST's clients know."""

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

_MAY_BE_NEW = {"PGRST200", "PGRST202", "PGRST204", "PGRST205", "42703"}
_CODES: dict[type[ApiError], str] = {
    ServiceUnavailableError: "PGRST000",
    PayloadTooLargeError: "PGRST102",
    NotFoundError: "PGRST125",
    RateLimitedError: RateLimitedError.code,
    TooManyRequestsError: TooManyRequestsError.code,
}


class DatabaseProblem(BaseModel):
    """An error of the database's interface: the code is PostgREST's, or Postgres's own."""

    code: str
    message: str
    details: str | list[dict[str, str]] | None = None
    hint: str | None = None


class RestError(ApiError):
    """A refusal with PostgREST's code, or with Postgres's own."""

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
        """Whether it says that something is not there, which a migration may have made since."""
        return self.error_code in _MAY_BE_NEW


def body(problem: ApiError, call: HttpRequest) -> DatabaseProblem:
    """Any error, as PostgREST tells it."""
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
    """What Postgres refused; None where it is no refusal of the request."""
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
    """PGRST100: a part of the query that is not in the language."""
    where = f'"failed to parse {what} ({text})" (line 1, column {column})'
    return RestError(400, "PGRST100", where, details=details)


def bad_body(message: str) -> RestError:
    """PGRST102."""
    return RestError(400, "PGRST102", message)


def bad_range(details: str) -> RestError:
    """PGRST103."""
    return RestError(416, "PGRST103", "Requested range not satisfiable", details=details)


def not_embedded(name: str) -> RestError:
    """PGRST108: a filter, order or limit of a resource that ``select`` does not name."""
    return RestError(
        400,
        "PGRST108",
        f"'{name}' is not an embedded resource in this request",
        hint=f"Verify that '{name}' is included in the 'select' query parameter.",
    )


def not_implemented(details: str) -> RestError:
    """PGRST127."""
    return RestError(400, "PGRST127", "Feature not implemented", details=details)


def too_complex(details: str) -> RestError:
    """54001, as Postgres calls a statement that is too complex; ``details`` names the limit."""
    return RestError(400, "54001", "The query is too complex.", details=details)


def unknown_column(table: str, column: str) -> RestError:
    """42703, as Postgres says it of a column in select, order or a filter."""
    return RestError(400, "42703", f"column {table}.{column} does not exist")


def unknown_body_column(table: str, column: str) -> RestError:
    """PGRST204: a column that is to be written."""
    message = f"Could not find the '{column}' column of '{table}' in the schema cache"
    return RestError(400, "PGRST204", message)


def unknown_table(name: str) -> RestError:
    """PGRST205: there is none, or none for this caller."""
    message = f"Could not find the table 'public.{name}' in the schema cache"
    return RestError(404, "PGRST205", message)


def forbidden(table: str, *, is_anon: bool) -> RestError:
    """42501, as Postgres says it."""
    status = 401 if is_anon else 403
    return RestError(status, "42501", f"permission denied for table {table}")
