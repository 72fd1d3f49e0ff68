"""Files that a reader never sees half-written."""

import json
from pathlib import Path
from typing import Any


def write_json(path: Path, value: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Replace the file as a whole."""
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(json.dumps(value, indent=2) + "\n")
    draft.replace(path)
