"""Atomic JSON writes: a reader never sees an incomplete file."""

import json
from pathlib import Path
from typing import Any


def write_json(path: Path, value: Any) -> None:  # noqa: ANN401 - any JSON value
    """Replace a file with a JSON value, atomically."""
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(json.dumps(value, indent=2) + "\n")
    draft.replace(path)
