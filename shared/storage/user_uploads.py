"""Where users may put pictures of their own: below their own folder of workspace-temp.

What the system itself writes there lies in folders that are named by a job's id, or ``library``;
an upload comes near neither, so it can take the place of nothing that was made or checked.
"""

import re
from typing import Final
from uuid import UUID

BUCKET: Final = "workspace-temp"
TYPE = "image/png"
"""Each is drawn anew, by ``pictures``."""

MAX_BYTES = 10 * 1024 * 1024

_MAX_KEY = 1024
_KEY = re.compile(r"[A-Za-z0-9_/!.*'() &$=@;:+,?-]+")
"""The characters of a key that Supabase Storage takes, which are ASCII and no percent sign."""

_OURS = re.compile(r"library|[{(]?(urn:uuid:)?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}[)}]?")
"""A folder of the system's own: ``library``, or an id however it is spelt."""


def is_valid_key(path: str) -> bool:
    """Whether it may name an object: no empty part, no steps, nothing to be decoded."""
    parts = path.split("/")
    return (
        len(path) <= _MAX_KEY
        and _KEY.fullmatch(path) is not None
        and not any(_is_traversal(part) for part in parts)
    )


def _is_traversal(part: str) -> bool:
    """Nothing, or what somebody may read as a step to another folder: ``.``, ``..;`` or ``. .``."""
    return not part.strip(" .") or part.replace(" ", "").startswith("..")


def is_owned(path: str, user_id: UUID) -> bool:
    """Whether it lies in the user's own folder."""
    return path.startswith(f"{user_id}/")


def is_upload_path(path: str, user_id: UUID) -> bool:
    """Whether an upload of the user's may be there, so that whatever is there is one."""
    return is_owned(path, user_id) and upload_owner(path) == user_id


def upload_owner(path: str) -> UUID | None:
    """Whose upload may be there; None where nobody's may."""
    folder, _, rest = path.partition("/")
    if not (rest and is_valid_key(path)) or _OURS.fullmatch(rest.split("/")[0].strip().lower()):
        return None
    try:
        return UUID(folder)
    except ValueError:
        return None
