"""Maps SQLSTATE codes of Postgres to HTTP statuses.

The table is PostgREST's, except that no error that a caller can cause is a 500.
"""

_EXACT: dict[str, int | None] = {
    "23503": 409,  # foreign key violation
    "23505": 409,  # unique violation
    "25006": 405,  # writing by GET
    "40001": 503,  # can be retried
    "40P01": 503,
    "42883": 404,  # no such function or operator
    "42P01": 404,
    "42P17": None,  # infinite recursion in a policy
    "53400": 400,  # more temporary files than the server lets a session write
    "55P03": 503,  # lock timeout
    "57014": 504,  # statement timeout; 500 in PostgREST
    "P0001": 400,  # raised by a function
    "P0002": 404,  # no data found in a function; 500 in PostgREST
    "XX000": 400,  # "tsquery stack too small" has no better code; a corrupt page has XX001
}
_CLASSES: dict[str, int | None] = {
    "08": None,  # connection failure: the database client reports it as unavailable
    "09": None,
    "0L": 403,
    "0P": 403,
    "25": None,
    "28": 403,
    "2D": None,
    "38": None,
    "39": None,
    "3B": None,
    "53": None,  # out of connections, memory or disk: 503, can be retried
    "57": None,
    "58": None,
    "F0": None,
    "P0": None,
    "XX": None,
}
_DETAILED_STATES = ("22", "23503", "23505", "P0001", "PT")
"""Codes whose DETAIL quotes only the request; that of a failed check would quote the row."""


def of(state: str, *, is_anon: bool) -> int | None:
    """Return the HTTP status of a SQLSTATE; None if the request is not at fault."""
    if state == "42501":
        return 401 if is_anon else 403
    if state in _EXACT:
        return _EXACT[state]
    if state.startswith("PT"):
        return _raised(state[2:])
    return _CLASSES.get(state[:2], 400)


def has_public_detail(state: str) -> bool:
    """Whether Postgres's DETAIL contains only what the caller sent."""
    return state.startswith(_DETAILED_STATES)


def _raised(digits: str) -> int | None:
    """Return the status that a function raised, as in ``raise sqlstate 'PT402'``."""
    is_status = digits.isascii() and digits.isdigit() and 400 <= int(digits) < 500  # noqa: PLR2004
    return int(digits) if is_status else None
