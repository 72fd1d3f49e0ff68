"""Whether a model's folder is whole. Some libraries make up what is missing, and go on."""

import json
from pathlib import Path
from typing import Any

_VOCABULARIES = ("tokenizer.json", "vocab.json", "vocab.txt", "spiece.model", "tokenizer.model")
_INDEX = "model_index.json"


def check(folder: Path) -> None:
    """Check the folder of a pipeline of diffusers against its own index.

    Raises:
        FileNotFoundError: a part, or a file that a part is nothing without, is not there.
    """
    index: dict[str, Any] = json.loads(_there(folder / _INDEX).read_text())
    for name, made_by in index.items():
        if isinstance(made_by, list) and made_by[1] is not None:
            _check_part(folder / name, made_by[1])


def _check_part(part: Path, kind: str) -> None:
    if "Tokenizer" in kind:
        if not any((part / name).is_file() for name in _VOCABULARIES):
            raise _lacking(part / _VOCABULARIES[0])
    elif "Processor" in kind or "Extractor" in kind:
        _there(part / "preprocessor_config.json")
    elif "Scheduler" in kind:
        _there(part / "scheduler_config.json")
    else:
        _there(part / "config.json")
        if not any(part.glob("*.safetensors")) and not any(part.glob("*.bin")):
            raise _lacking(part / "*.safetensors")


def _there(file: Path) -> Path:
    if not file.is_file():
        raise _lacking(file)
    return file


def _lacking(file: Path) -> FileNotFoundError:
    sentence = f"The model's folder lacks {file.parent.name}/{file.name}."
    return FileNotFoundError(sentence)
