"""A row's figures as a file: each round is written down, and a later call goes on from there."""

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
    """What was measured of a row by one device, these versions and these settings."""

    def __init__(self, file: Path, key: Mapping[str, Any]) -> None:
        self._file = file
        self.content: dict[str, Any] = {"key": json.loads(json.dumps(key, default=str))}
        if file.is_file():
            found = json.loads(file.read_text())
            if found.get("key") == self.content["key"]:
                self.content = found
        self.content.setdefault("samples", {})

    def samples(self, side: str) -> list[float]:
        """The seconds of a side's runs, as far as they have been taken."""
        found: list[float] = self.content["samples"].setdefault(side, [])
        return found

    def tell(self, **facts: object) -> None:
        """Note what is known besides, and write all of it down."""
        self.content |= json.loads(json.dumps(facts, default=str))
        self._file.parent.mkdir(parents=True, exist_ok=True)
        beside = self._file.with_suffix(".part")
        beside.write_text(json.dumps(self.content, indent=2) + "\n")
        beside.replace(self._file)


def machine() -> dict[str, str]:
    """The device and what runs on it."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    if not torch.cuda.is_available():
        return {"device": f"CPU, {torch.get_num_threads()} threads", **found}
    return {
        "device": torch.cuda.get_device_name(),
        "driver": _driver(),
        "cuda": str(torch.version.cuda),
        **found,
    }


def _driver() -> str:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)  # noqa: S603 - its own words alone
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return result.stdout.split("\n", maxsplit=1)[0].strip()
