"""Models that are made on the spot, each once, in a folder that several processes may share."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path


def cached(cache: Path, name: str, save: Callable[[Path], None]) -> Path:
    """The folder of that name in the cache; where it is not there, ``save`` writes it.

    A folder that is there is whole, and is taken as it is: with what it holds, its name changes.
    """
    target = cache / name
    if target.is_dir():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=cache))
    try:
        save(making)
        making.rename(target)
    except OSError:
        if not target.is_dir():
            raise
        # Another process was first; its model is the same.
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return target
