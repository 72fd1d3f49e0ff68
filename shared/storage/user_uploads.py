"""Rules for the keys of user uploads, which are stored below the user's folder of workspace-temp.

The system writes only to folders named after a job's id, or ``library``. No upload may use such a
folder, so an upload can never replace an object that was generated or checked.
"""

import re
from typing import Final
from uuid import UUID

BUCKET: Final = "workspace-temp"
TYPE = "image/png"
"""Every upload is re-encoded to PNG by ``images.sanitizer``."""

MAX_BYTES = 10 * 1024 * 1024

_MAX_KEY = 1024
_KEY = re.compile(r"[A-Za-z0-9_/!.*'() &$=@;:+,?-]+")
"""The characters that Supabase Storage allows in a key: ASCII without the percent sign."""

_OURS = re.compile(r"library|[{(]?(urn:uuid:)?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}[)}]?")
"""A folder of the system: ``library``, or a UUID in any notation."""


def is_valid_key(path: str) -> bool:
    """Return whether a key is valid: no empty part, no traversal, no percent-encoding."""
    parts = path.split("/")
    return (
        len(path) <= _MAX_KEY
        and _KEY.fullmatch(path) is not None
        and not any(_is_traversal(part) for part in parts)
    )


def _is_traversal(part: str) -> bool:
    """Return whether a part is empty or could be read as a traversal: ``.``, ``..;``, ``. .``."""
    return not part.strip(" .") or part.replace(" ", "").startswith("..")


def is_owned(path: str, user_id: UUID) -> bool:
    """Return whether a path is in the user's folder."""
    return path.startswith(f"{user_id}/")


def is_upload_path(path: str, user_id: UUID) -> bool:
    """Return whether the user may upload to a path, so that any object there is an upload."""
    return is_owned(path, user_id) and upload_owner(path) == user_id


def upload_owner(path: str) -> UUID | None:
    """Return the user who may upload to a path; None if no user may."""
    folder, _, rest = path.partition("/")
    if not (rest and is_valid_key(path)) or _OURS.fullmatch(rest.split("/")[0].strip().lower()):
        return None
    try:
        return UUID(folder)
    except ValueError:
        return None
