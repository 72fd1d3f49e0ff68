"""A trace, as it travels with a job: W3C Trace Context's ``traceparent``, and nothing beside it.

``tracestate`` and ``baggage`` are not handed on: what a stranger writes into them would be stored.
"""

import re
from typing import NamedTuple

_GIVEN = re.compile(
    r"(?P<version>(?!ff)[0-9a-f]{2})-(?P<trace_id>(?!0{32})[0-9a-f]{32})"
    r"-(?P<span_id>(?!0{16})[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)
_SAMPLED = 1


class Traceparent(NamedTuple):
    """Which trace, which span of it, and whether its spans are recorded."""

    trace_id: str
    """32 hexadecimal digits."""
    span_id: str
    """16 of them."""
    is_sampled: bool

    def __str__(self) -> str:
        """As the header is written."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.is_sampled):02x}"

    def unrecorded(self) -> "Traceparent":
        """For what belongs to the trace and is not worth a span."""
        return self._replace(is_sampled=False)


def read(given: str | None) -> Traceparent | None:
    """What a header says; None where it says nothing that can be read."""
    found = _GIVEN.fullmatch(given or "")
    # Only a later version than ours may say more.
    if found is None or (found["version"] == "00" and found["more"]):
        return None
    is_sampled = bool(int(found["flags"], 16) & _SAMPLED)
    return Traceparent(found["trace_id"], found["span_id"], is_sampled)


def nearer(header: str | None, sealed: str | None) -> str | None:
    """Where a job goes on: the header, if it is of the trace that its sealed message names.

    On its way a request may pass others who add a span of their own and change the header.
    """
    told, written = read(header), read(sealed)
    if told and written and told.trace_id == written.trace_id:
        return str(told)
    return str(written) if written else None
