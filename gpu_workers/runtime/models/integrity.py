"""Check that a model folder is complete: some libraries replace missing parts by random ones."""

import json
from pathlib import Path
from typing import Any

_VOCABULARIES = ("tokenizer.json", "vocab.json", "vocab.txt", "spiece.model", "tokenizer.model")
_INDEX = "model_index.json"


def check(folder: Path) -> None:
    """Check the folder of a diffusers pipeline against its ``model_index.json``.

    Raises:
        FileNotFoundError: a component, or a required file of a component, is missing.
    """
    index: dict[str, Any] = json.loads(_existing(folder / _INDEX).read_text())
    for name, made_by in index.items():
        if isinstance(made_by, list) and made_by[1] is not None:
            _check_part(folder / name, made_by[1])


def _check_part(part: Path, kind: str) -> None:
    if "Tokenizer" in kind:
        if not any((part / name).is_file() for name in _VOCABULARIES):
            raise _missing_file(part / _VOCABULARIES[0])
    elif "Processor" in kind or "Extractor" in kind:
        _existing(part / "preprocessor_config.json")
    elif "Scheduler" in kind:
        _existing(part / "scheduler_config.json")
    else:
        _existing(part / "config.json")
        if not any(part.glob("*.safetensors")) and not any(part.glob("*.bin")):
            raise _missing_file(part / "*.safetensors")


def _existing(file: Path) -> Path:
    if not file.is_file():
        raise _missing_file(file)
    return file


def _missing_file(file: Path) -> FileNotFoundError:
    return FileNotFoundError(f"The model's folder lacks {file.parent.name}/{file.name}.")
