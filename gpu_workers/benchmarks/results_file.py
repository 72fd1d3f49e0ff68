"""Resumable results file: each round is saved, and a later run continues from there."""

import json
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

_PACKAGES = ("torch", "diffusers", "transformers", "accelerate", "compel", "safetensors")


class Record:
    """The measurements of one benchmark on one device, with one set of versions and settings.

    Args:
        file: the JSON file; a file with another key is not continued but overwritten.
        key: the machine and the settings.
    """

    def __init__(self, file: Path, key: Mapping[str, Any]) -> None:
        self._file = file
        self.content: dict[str, Any] = {"key": json.loads(json.dumps(key, default=str))}
        if file.is_file():
            saved = json.loads(file.read_text())
            if saved.get("key") == self.content["key"]:
                self.content = saved
        self.content.setdefault("samples", {})

    def samples(self, side: str) -> list[float]:
        """Return the seconds of a side's runs so far; append to the list to add one."""
        samples: list[float] = self.content["samples"].setdefault(side, [])
        return samples

    def tell(self, **facts: object) -> None:
        """Add fields to the content and save the file."""
        self.content |= json.loads(json.dumps(facts, default=str))
        self._file.parent.mkdir(parents=True, exist_ok=True)
        partial = self._file.with_suffix(".part")
        partial.write_text(json.dumps(self.content, indent=2) + "\n")
        partial.replace(self._file)


def machine() -> dict[str, str]:
    """Return the device, its driver and the versions of Python and the packages."""
    versions = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "none"
    if not torch.cuda.is_available():
        return {"device": f"CPU, {torch.get_num_threads()} threads", **versions}
    return {
        "device": torch.cuda.get_device_name(),
        "driver": _driver(),
        "cuda": str(torch.version.cuda),
        **versions,
    }


def _driver() -> str:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)  # noqa: S603 - constant arguments
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return result.stdout.split("\n", maxsplit=1)[0].strip()
