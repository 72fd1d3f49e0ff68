"""What a worker is made of."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

_PACKAGES = (
    "torch", "diffusers", "transformers", "tokenizers", "pillow", "starlette", "uvicorn", "httpx",
)  # fmt: skip


@cache
def versions() -> dict[str, str]:
    """Python and the packages that matter, by name; without those that are not installed."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
