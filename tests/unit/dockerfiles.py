"""Read Dockerfiles, and the source that runs a worker with only its container's packages."""

import re
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
WORKERS = ROOT / "gpu_workers"

GUARD = """
import importlib.machinery, runpy, sys
shut = frozenset(sys.argv[2].split(","))

class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in shut:
            return None
        return super().find_spec(name, path, target)

sys.meta_path = [
    Finder if one is importlib.machinery.PathFinder else one for one in sys.meta_path
]
runpy.run_module(sys.argv[1], run_name="__main__")
"""
"""Runs module ``argv[1]`` while the top-level modules in ``argv[2]`` (comma separated) cannot be
imported.
"""


class Line(NamedTuple):
    """One instruction of a Dockerfile: its name and its arguments."""

    name: str
    rest: str


def read(dockerfile: Path, worker: str = "") -> list[Line]:
    """Return the instructions of a Dockerfile, continuation lines joined, without comments.

    ``worker`` is the build argument ``WORKER``.
    """
    text = re.sub(r"^\s*#.*\n", "", dockerfile.read_text(), flags=re.MULTILINE)
    text = text.replace("${WORKER}", worker)
    lines = [line.strip() for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    return [Line(*line.split(maxsplit=1)) for line in lines]


def copied(dockerfile: Path, worker: str = "") -> dict[str, str]:
    """Map each path that the Dockerfile copies from the repository to its target in the image."""
    lines = [line.rest.split() for line in read(dockerfile, worker) if line.name == "COPY"]
    return {rest[0]: rest[1] for rest in lines if not rest[0].startswith("--from")}


def missing_modules(requirements: Path) -> set[str]:
    """Return the modules that are installed here and would not be installed in the container."""
    listed = set(re.findall(r"^([a-z0-9._-]+)==", requirements.read_text(), re.MULTILINE))
    there = {canonicalize_name(name) for name in listed} | _of("torch")
    return {
        module
        for module, packages in packages_distributions().items()
        if not {canonicalize_name(name) for name in packages} & there
    }


def _of(package: str) -> set[str]:
    """Return a package and everything that it requires, as canonical names."""
    found: set[str] = set()
    waiting = [package]
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in found:
            found.add(name)
            waiting += _needs(name)
    return found


def _needs(name: str) -> list[str]:
    try:
        needed = [Requirement(line) for line in requires(name) or ()]
    except PackageNotFoundError:  # a requirement of another platform
        return []
    return [one.name for one in needed if not one.marker or one.marker.evaluate({"extra": ""})]
