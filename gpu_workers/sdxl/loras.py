"""LoRAs of a configured folder, each loaded when it is first asked for."""

import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gpu_workers.runtime.pipeline import PermanentError
from gpu_workers.sdxl.prompt_parser import Lora

MAX_LOADED = 8
"""Kept in memory."""

_NAME = re.compile(r"[\w-]{1,100}")


class Loras:
    """Those of one folder, in one pipeline and all that share its weights."""

    def __init__(self, pipe: Any, folder: Path | None) -> None:  # noqa: ANN401 - diffusers has no types
        self._pipe = pipe
        self._folder = folder
        self._loaded: list[str] = []
        self._taken: tuple[Lora, ...] = ()

    def activate(self, wanted: Sequence[Lora]) -> None:
        """Draw with these from here on, and with no other.

        Raises:
            PermanentError: one is not there.
        """
        wanted = tuple(wanted)
        if wanted == self._taken:
            return
        self.check(wanted)
        self._evict(wanted)
        for lora in wanted:
            self._load(lora.name)
        if wanted:
            self._pipe.enable_lora()
            weights = {lora.name: lora.weight for lora in wanted}
            self._pipe.set_adapters(list(weights), list(weights.values()))
        else:
            self._pipe.disable_lora()
        self._taken = wanted

    def check(self, wanted: Sequence[Lora]) -> None:
        """Refuse what is not there.

        Raises:
            PermanentError: one is not.
        """
        for lora in wanted:
            known = _NAME.fullmatch(lora.name) and self._folder is not None
            if not (known and self._file(lora.name).is_file()):
                raise PermanentError("unknown_lora", "The prompt names a LoRA that is not here.")

    def _load(self, name: str) -> None:
        if name in self._loaded:
            return
        file = self._file(name)
        with warnings.catch_warnings():
            # peft wonders at every LoRA but the first.
            warnings.simplefilter("ignore", UserWarning)
            self._pipe.load_lora_weights(str(file.parent), weight_name=file.name, adapter_name=name)
        self._loaded.append(name)

    def _evict(self, wanted: Sequence[Lora]) -> None:
        """Let those go that were loaded first, but none of the wanted."""
        names = {lora.name for lora in wanted}
        idle = [name for name in self._loaded if name not in names]
        excess = max(len(names | set(self._loaded)) - MAX_LOADED, 0)
        for name in idle[:excess]:
            self._pipe.delete_adapters(name)
            self._loaded.remove(name)

    def _file(self, name: str) -> Path:
        return (self._folder or Path()) / f"{name}.safetensors"
