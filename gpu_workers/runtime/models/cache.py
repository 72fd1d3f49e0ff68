"""On-disk cache of generated models; several processes may share it."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path


def cached(cache: Path, name: str, save: Callable[[Path], None]) -> Path:
    """Return the folder ``name`` of the cache; create it if it does not exist.

    An existing folder is complete and is not checked: its name must change with its content.

    Args:
        cache: the folder of the cache.
        name: the model's name, with a version.
        save: writes the model into the folder it is called with.
    """
    target = cache / name
    if target.is_dir():
        return target
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=cache))
    try:
        save(unfinished)
        unfinished.rename(target)
    except OSError:
        if not target.is_dir():
            raise
        # Another process was first; its model is the same.
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return target
