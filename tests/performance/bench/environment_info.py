"""The environment of a measurement: versions, cores, load."""

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path

_PACKAGES = (
    "functions-framework",
    "uvicorn",
    "uvloop",
    "httptools",
    "pydantic",
    "psycopg",
    "PyJWT",
    "google-cloud-storage",
    "google-cloud-tasks",
)


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def versions() -> str:
    """Return the versions of Python and of the packages involved."""
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return f"Python {platform.python_version()}, {packages}"


def machine() -> str:
    """Return the processor, the cores and the memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{platform.system()} {platform.machine()}, {_processor()}, "
        f"{cores()} cores, {memory:.0f} GiB"
    )


def now() -> dict[str, str]:
    """Return the time, and how busy the machine is."""
    return {
        "at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "load": f"{os.getloadavg()[0]:.1f}",
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "an unnamed processor"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "an unnamed processor"
