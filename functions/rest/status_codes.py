"""The HTTP status of each of Postgres's codes.

PostgREST's own table, but that nothing which a caller can bring about is a 500.
"""

_EXACT: dict[str, int | None] = {
    "23503": 409,  # a foreign key that leads nowhere
    "23505": 409,  # there is one already
    "25006": 405,  # writing by GET
    "40001": 503,  # to be tried again
    "40P01": 503,
    "42883": 404,  # no such function or operator
    "42P01": 404,
    "42P17": None,  # a policy that asks itself
    "53400": 400,  # more temporary files than the server lets a session write
    "55P03": 503,  # a lock that was not given in time
    "57014": 504,  # it took longer than the statement timeout; PostgREST says 500
    "P0001": 400,  # raised by a function
    "P0002": 404,  # a function found nothing; PostgREST says 500
    "XX000": 400,  # "tsquery stack too small" has no better code; a faulty page has XX001
}
_CLASSES: dict[str, int | None] = {
    "08": None,  # the connection: the database is away, which its client tells of
    "09": None,
    "0L": 403,
    "0P": 403,
    "25": None,
    "28": 403,
    "2D": None,
    "38": None,
    "39": None,
    "3B": None,
    "53": None,  # out of connections, memory or disk: 503, and to be tried again
    "57": None,
    "58": None,
    "F0": None,
    "P0": None,
    "XX": None,
}
_DETAILED_STATES = ("22", "23503", "23505", "P0001", "PT")
"""Whose DETAIL quotes what the caller sent; a failed check's would quote the row."""


def of(state: str, *, is_anon: bool) -> int | None:
    """None where the fault is not the request's."""
    if state == "42501":
        return 401 if is_anon else 403
    if state in _EXACT:
        return _EXACT[state]
    if state.startswith("PT"):
        return _raised(state[2:])
    return _CLASSES.get(state[:2], 400)


def has_public_detail(state: str) -> bool:
    """Whether Postgres's DETAIL holds nothing but what the caller knows."""
    return state.startswith(_DETAILED_STATES)


def _raised(digits: str) -> int | None:
    """``raise sqlstate 'PT402'``: the function says the status."""
    is_status = digits.isascii() and digits.isdigit() and 400 <= int(digits) < 500  # noqa: PLR2004
    return int(digits) if is_status else None
