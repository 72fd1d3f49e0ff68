"""Refusals, in the shape and with the codes that PostgREST's clients know."""

from psycopg import Error
from pydantic import BaseModel

from functions.rest import status_codes
from shared.errors import (
    MethodNotAllowedError,
    NotFoundError,
    Problem,
    RateLimitedError,
    TooLargeError,
    TooManyError,
    UnauthenticatedError,
    UnavailableError,
)
from shared.http import Call

_MAY_BE_NEW = {"PGRST200", "PGRST202", "PGRST204", "PGRST205", "42703"}
_CODES: dict[type[Problem], str] = {
    UnavailableError: "PGRST000",
    TooLargeError: "PGRST102",
    NotFoundError: "PGRST125",
    RateLimitedError: RateLimitedError.code,
    TooManyError: TooManyError.code,
}


class DatabaseProblem(BaseModel):
    """An error of the database's interface: the code is PostgREST's, or Postgres's own."""

    code: str
    message: str
    details: str | list[dict[str, str]] | None = None
    hint: str | None = None


class RestError(Problem):
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
        self.told = details
        self.hint = hint

    @property
    def may_be_new(self) -> bool:
        """Whether it says that something is not there, which a migration may have made since."""
        return self.error_code in _MAY_BE_NEW


def body(problem: Problem, call: Call) -> DatabaseProblem:
    """Any error, as PostgREST tells it."""
    told = DatabaseProblem(code=_code(problem, call), message=problem.sentence)
    if isinstance(problem, RestError):
        told.details, told.hint = problem.told, problem.hint
    return told


def _code(problem: Problem, call: Call) -> str:
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


def refusal(error: Error, *, is_anon: bool) -> RestError | None:
    """What Postgres refused; None where it is no refusal of the request."""
    state = error.sqlstate
    if state is None or (status := status_codes.of(state, is_anon=is_anon)) is None:
        return None
    diagnostic = error.diag
    return RestError(
        status,
        state,
        diagnostic.message_primary or "The database refused this.",
        details=diagnostic.message_detail if status_codes.tells_detail(state) else None,
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


def unknown_given(table: str, column: str) -> RestError:
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
