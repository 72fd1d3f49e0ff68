"""Write docs/openapi.json."""

import json
from pathlib import Path

from infra.openapi.build import document

PATH = Path(__file__).parents[2] / "docs" / "openapi.json"


def written() -> str:
    """Return the text of the file."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(written())
