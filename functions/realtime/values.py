"""Converts the values of filters and rows so that they can be compared."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from shared.errors import InvalidRequestError


def parse_literal(text: str, of_type: str) -> Any:  # noqa: ANN401 - of any column
    """Parse the value in a filter.

    Args:
        text: the value.
        of_type: Postgres's name of the column's type.

    Raises:
        InvalidRequestError: The value is not of that type, or columns of it cannot be filtered.
    """
    read = _READ.get(of_type)
    if read is None:
        raise InvalidRequestError(f"A column of type {of_type} cannot be filtered.")
    try:
        return read(text)
    except (ValueError, InvalidOperation):
        raise InvalidRequestError(
            f"The filter's value is not of its column's type, {of_type}."
        ) from None


def comparable(value: object, of_type: str) -> Any:  # noqa: ANN401 - of any column
    """Convert a row's JSON value, which is not null; None if it cannot be compared."""
    try:
        return _READ[of_type](str(value))
    except (ValueError, InvalidOperation):
        return None


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError("not a finite number")
    return number


def _boolean(text: str) -> bool:
    known = {"true": True, "t": True, "false": False, "f": False}.get(text.lower())
    if known is None:
        raise ValueError("not a boolean")
    return known


def _moment(text: str) -> datetime:
    """Parse a timestamp. Without an offset it is UTC, as in the database's sessions."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_READ: dict[str, Callable[[str], Any]] = {
    # Compared by code points, unlike the database's collation.
    **dict.fromkeys(("text", "varchar", "bpchar"), str),
    **dict.fromkeys(("int2", "int4", "int8", "float4", "float8", "numeric"), _number),
    "uuid": UUID,
    "bool": _boolean,
    "timestamptz": _moment,
    "timestamp": _moment,
    "date": date.fromisoformat,
}
