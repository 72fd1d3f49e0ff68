"""Models exempt from output checks, because they cannot draw unsafe content, by weights hash.

``exempt.json`` holds the hashes; they apply to the local system only. To add a model's hash::

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
"""A larger file is not one of our models and would take long to hash."""


class Weights(NamedTuple):
    """The weights of a model: a folder or a file on this machine."""

    path: Path | None
    """None for a model from a hub."""
    rebuild: Callable[[Path], Path] | None = None
    """Builds the model again in another folder, if this repository's code generates it: on
    another type of processor the last digits, and so the hash, differ."""

    @classmethod
    def named(cls, model: str | Path) -> "Weights":
        """Return the weights of a folder or file; of a hub id, weights without a path."""
        return cls(Path(model) if Path(model).exists() else None)


@runtime_checkable
class HasWeights(Protocol):
    """A pipeline that lists its weights."""

    @property
    def weights(self) -> Sequence[Weights]:
        """All weights, including adapters added to a model."""
        ...


def is_exempt(pipeline: object) -> bool:
    """Return whether all weights of a pipeline are exempt."""
    if not isinstance(pipeline, HasWeights):
        return False
    weights = pipeline.weights
    return bool(weights) and all(map(_is_known, weights))


def digest(path: Path) -> str | None:
    """Return the SHA-256 of the weights at a path; None without weights or above 32 MiB."""
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    files = [file for file in files if file.is_file() and file.suffix in _WEIGHTS]
    if not files or sum(file.stat().st_size for file in files) > _MAX_BYTES:
        return None
    combined = hashlib.sha256()
    for file in files:
        name = file.relative_to(path).as_posix() if file != path else file.name
        file_hash = hashlib.sha256(file.read_bytes()).hexdigest()
        combined.update(f"{name} {file_hash}\n".encode())
    return combined.hexdigest()


def record(name: str, path: Path, file: Path = FILE) -> str:
    """Write the hash of one of our models to ``file`` and return it; review the change.

    Args:
        name: the model's name.
        path: the model's folder or file.
        file: the JSON file of the exempt hashes.

    Raises:
        ValueError: the model has no weights, or is larger than 32 MiB.
    """
    weights_hash = digest(path)
    if weights_hash is None:
        raise ValueError(f"{path.name} cannot be exempt: it has no weights, or too many.")
    hashes = {**known_hashes(file), name: weights_hash}
    file.write_text(json.dumps(dict(sorted(hashes.items())), indent=2) + "\n")
    return weights_hash


def known_hashes(file: Path = FILE) -> dict[str, str]:
    """Return the exempt hashes by model name."""
    hashes: dict[str, str] = json.loads(file.read_text())
    return hashes


def _is_known(weights: Weights) -> bool:
    weights_hash = digest(weights.path) if weights.path else None
    if weights_hash is None:
        return False
    return weights_hash in known_hashes().values() or weights_hash == _rebuilt_hash(weights)


def _rebuilt_hash(weights: Weights) -> str | None:
    if weights.rebuild is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        return digest(weights.rebuild(Path(folder)))


def main() -> None:
    """Write the hash of the model named on the command line."""
    parser = argparse.ArgumentParser(
        prog="gpu_workers.runtime.safety.exemptions", description=__doc__
    )
    parser.add_argument("name")
    parser.add_argument("path", type=Path)
    options = parser.parse_args()
    print(options.name, record(options.name, options.path))  # noqa: T201 - a command's output


if __name__ == "__main__":
    main()
