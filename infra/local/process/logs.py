"""Process log files: ``DATA/logs/NAME.log``."""

from pathlib import Path

_MAX_BYTES = 10_000_000


def file_of(data: Path, name: str) -> Path:
    """Return the log file of a process; create its folder."""
    folder = data / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.log"


def rotate(path: Path) -> None:
    """Rename a log above 10 MB to ``NAME.log.1``, replacing an older one."""
    if path.exists() and path.stat().st_size > _MAX_BYTES:
        path.replace(path.with_name(path.name + ".1"))


def last_lines(path: Path, count: int = 15) -> str:
    """Return the last lines of a log."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 20_000))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-count:])
