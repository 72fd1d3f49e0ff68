"""Pack each function of the map by itself: ``python -m infra.bundle [--out dist] [NAME ...]``.

A bundle is what the cloud unpacks and serves: the function's folder, ``shared/``, the functions'
locked requirements and a root ``main.py``. The same tree gives the same bytes, so that a bundle
whose checksum is known need not be deployed again.
"""

import argparse
import hashlib
import sys
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from infra import manifest as the_map
from infra.manifest import Function

ROOT = Path(__file__).parents[1]
REQUIREMENTS = "requirements.txt"

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold."""
_READABLE_FILE = 0o100644 << 16
_UNIX = 3
_LEVEL = 9

_MAIN = '''"""Made by infra.bundle: what the functions framework serves."""

import sys
from pathlib import Path

# First, so that no installed distribution named `functions` or `shared` can take their place.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from {module} import main  # noqa: E402 - only now is the path right

__all__ = ["main"]
'''


class BundleError(Exception):
    """Something that a person at the terminal can act on; the text says what it is."""


def contents(function: Function, root: Path = ROOT) -> dict[str, bytes]:
    """What a function's bundle holds, by path, in order.

    Raises:
        BundleError: where the tree lacks a part of it.
    """
    package = Path(*function.module.split(".")[:-1])
    files = [Path("functions", "__init__.py"), Path(REQUIREMENTS)]
    files += [*_files(root, package), *_files(root, Path("shared"))]
    for file in (*files, package / "main.py"):
        if not (root / file).is_file():
            hint = " `make lock` writes it." if file.name == REQUIREMENTS else ""
            raise BundleError(f"{function.name} cannot be packed without {file}.{hint}")
    held = {file.as_posix(): (root / file).read_bytes() for file in files}
    return dict(sorted({**held, "main.py": _MAIN.format(module=function.module).encode()}.items()))


def write(function: Function, folder: Path, root: Path = ROOT) -> Path:
    """Write ``<name>.zip`` into the folder."""
    held = contents(function, root)
    path = folder / f"{function.name}.zip"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as bundle:
        for name, content in held.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system, entry.external_attr = _UNIX, _READABLE_FILE
            bundle.writestr(entry, content, zipfile.ZIP_DEFLATED, _LEVEL)
    return path


def _files(root: Path, folder: Path) -> Iterator[Path]:
    """Every file below the folder but Python's caches and hidden ones, relative to the root."""
    for path in (root / folder).rglob("*"):
        inner = path.relative_to(root)
        is_cache = "__pycache__" in inner.parts or path.suffix == ".pyc"
        if path.is_file() and not is_cache and not any(part[0] == "." for part in inner.parts):
            yield inner


def _selected_functions(names: Sequence[str]) -> list[Function]:
    known = the_map.read().functions
    for name in names:
        if name not in known:
            raise BundleError(f"There is no function {name}. Known are: {', '.join(known)}.")
    return [known[name] for name in names or known]


def main() -> int:
    """Write the bundles that the command line asks for, all of them by default."""
    parser = argparse.ArgumentParser(prog="python -m infra.bundle", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: every function")
    parser.add_argument("--out", type=Path, default=Path("dist"), help="the folder to write to")
    arguments = parser.parse_args()
    try:
        for function in _selected_functions(arguments.names):
            path = write(function, arguments.out)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            line = f"{path}  {path.stat().st_size:,} bytes  sha256 {digest}"
            print(line)  # noqa: T201 - a command's answer
    except BundleError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the same
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
