"""LoRAs of a configured folder, each loaded on first use."""

import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gpu_workers.runtime.pipeline import PermanentError
from gpu_workers.sdxl.prompt_parser import Lora

MAX_LOADED = 8
"""The maximum number of LoRAs in memory."""

_NAME = re.compile(r"[\w-]{1,100}")


class Loras:
    """The LoRAs of one folder, in one pipeline and in all pipelines that share its weights.

    Args:
        pipe: the pipeline.
        folder: the folder of the ``.safetensors`` files; None for no LoRAs.
    """

    def __init__(self, pipe: Any, folder: Path | None) -> None:  # noqa: ANN401 - diffusers has no types
        self._pipe = pipe
        self._folder = folder
        self._loaded: list[str] = []
        self._active: tuple[Lora, ...] = ()

    def activate(self, loras: Sequence[Lora]) -> None:
        """Use these LoRAs, and no others, for all following pictures.

        Raises:
            PermanentError: one does not exist.
        """
        loras = tuple(loras)
        if loras == self._active:
            return
        self.check(loras)
        self._evict(loras)
        for lora in loras:
            self._load(lora.name)
        if loras:
            self._pipe.enable_lora()
            weights = {lora.name: lora.weight for lora in loras}
            self._pipe.set_adapters(list(weights), list(weights.values()))
        else:
            self._pipe.disable_lora()
        self._active = loras

    def check(self, loras: Sequence[Lora]) -> None:
        """Check that the LoRAs exist.

        Raises:
            PermanentError: one does not.
        """
        for lora in loras:
            is_valid = _NAME.fullmatch(lora.name) and self._folder is not None
            if not (is_valid and self._file(lora.name).is_file()):
                raise PermanentError("unknown_lora", "Unknown LoRA in the prompt.")

    def _load(self, name: str) -> None:
        if name in self._loaded:
            return
        file = self._file(name)
        with warnings.catch_warnings():
            # peft warns at every LoRA but the first.
            warnings.simplefilter("ignore", UserWarning)
            self._pipe.load_lora_weights(str(file.parent), weight_name=file.name, adapter_name=name)
        self._loaded.append(name)

    def _evict(self, loras: Sequence[Lora]) -> None:
        """Unload the oldest LoRAs above `MAX_LOADED`, but none of ``loras``."""
        names = {lora.name for lora in loras}
        idle = [name for name in self._loaded if name not in names]
        excess = max(len(names | set(self._loaded)) - MAX_LOADED, 0)
        for name in idle[:excess]:
            self._pipe.delete_adapters(name)
            self._loaded.remove(name)

    def _file(self, name: str) -> Path:
        return (self._folder or Path()) / f"{name}.safetensors"
