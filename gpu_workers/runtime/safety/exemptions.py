"""What need not be checked: models that can draw nothing unsafe, known by their weights' hash.

``exempt.json`` holds the hashes, which count in the local system alone. To write that of a model::

    python -m gpu_workers.runtime.safety.exemptions NAME PATH
"""

import argparse
import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

FILE = Path(__file__).with_name("exempt.json")

_WEIGHTS = frozenset({".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".mp4"})
_MAX_BYTES = 32 * 1024 * 1024
"""Whatever is larger is no model of ours, and would take long to read."""


class Weights(NamedTuple):
    """What a pipeline draws with: a folder or a file, where it is on this machine."""

    path: Path | None
    """None for what comes from a hub."""
    rebuild: Callable[[Path], Path] | None = None
    """Makes it anew in another folder, where our own code can: on another kind of processor the
    same code makes other last digits, and so another hash."""

    @classmethod
    def named(cls, model: str | Path) -> "Weights":
        """Of a folder or a file; a hub id has none here."""
        return cls(Path(model) if Path(model).exists() else None)


@runtime_checkable
class HasWeights(Protocol):
    """A pipeline that tells what it draws with."""

    @property
    def weights(self) -> Sequence[Weights]:
        """All of it: what is added to a model too."""
        ...


def is_exempt(pipeline: object) -> bool:
    """Whether all that a pipeline draws with is known to be harmless."""
    if not isinstance(pipeline, HasWeights):
        return False
    weights = pipeline.weights
    return bool(weights) and all(map(_is_known, weights))


def digest(path: Path) -> str | None:
    """The hash of the weights at a path; None where there are none, or more than ours have."""
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    files = [file for file in files if file.is_file() and file.suffix in _WEIGHTS]
    if not files or sum(file.stat().st_size for file in files) > _MAX_BYTES:
        return None
    whole = hashlib.sha256()
    for file in files:
        name = file.relative_to(path).as_posix() if file != path else file.name
        held = hashlib.sha256(file.read_bytes()).hexdigest()
        whole.update(f"{name} {held}\n".encode())
    return whole.hexdigest()


def record(name: str, path: Path, file: Path = FILE) -> str:
    """Write the hash of a model of ours under its name, and give it; the file is to be reviewed.

    Raises:
        ValueError: it has no weights, or is too large to be one of ours.
    """
    found = digest(path)
    if found is None:
        raise ValueError(f"{path.name} cannot be exempt: it has no weights, or too many.")
    known = {**known_hashes(file), name: found}
    file.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n")
    return found


def known_hashes(file: Path = FILE) -> dict[str, str]:
    """The hashes that are exempt, by their models' names."""
    known: dict[str, str] = json.loads(file.read_text())
    return known


def _is_known(weights: Weights) -> bool:
    found = digest(weights.path) if weights.path else None
    if found is None:
        return False
    return found in known_hashes().values() or found == _again(weights)


def _again(weights: Weights) -> str | None:
    if weights.rebuild is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        return digest(weights.rebuild(Path(folder)))


def main() -> None:
    """Write one hash."""
    parser = argparse.ArgumentParser(
        prog="gpu_workers.runtime.safety.exemptions", description=__doc__
    )
    parser.add_argument("name")
    parser.add_argument("path", type=Path)
    options = parser.parse_args()
    print(options.name, record(options.name, options.path))  # noqa: T201 - a command's answer


if __name__ == "__main__":
    main()
