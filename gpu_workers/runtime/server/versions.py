"""Package versions for /info."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = (
    "torch", "diffusers", "transformers", "tokenizers", "pillow", "starlette", "uvicorn", "httpx",
)  # fmt: skip


@cache
def versions() -> dict[str, str]:
    """Return the versions of Python and of the installed main packages, by name."""
    installed = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            installed[package] = version(package)
        except PackageNotFoundError:
            continue
    return installed
