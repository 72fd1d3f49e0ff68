"""Write docs/guides/configuration.md from the settings classes: ``python -m infra.settings_page``.

Each field's docstring is its meaning. A comment above fields of the functions' class is a heading.
"""

import ast
import importlib
import inspect
import itertools
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/guides/configuration.md"

_SOURCES = ("shared/settings.py", "shared/telemetry/settings.py", "gpu_workers/**/settings.py")
_HEADINGS = {
    "Settings": "Functions",
    "TelemetrySettings": "Functions and workers: telemetry",
    "WorkerSettings": "Every worker that runs jobs",
    "SafetySettings": "Output check of the workers",
    "ProvenanceSettings": "Provenance of the workers",
}
"""The sections that come first, in this order. Any other class is a worker's, by its name."""

_UNITS = {
    "_per_minute": "a minute",
    "_seconds": "seconds",
    "_ms": "milliseconds",
    "bytes_per_user": "bytes",
    "_tokens": "tokens",
    "_frames": "frames",
    "_fps": "frames a second",
    "_side": "pixels",
}
_TYPES: dict[type, str] = {
    bool: "true or false",
    int: "number",
    float: "number",
    str: "text",
    Path: "path",
    SecretStr: "secret",
    tuple: "secret",
    dict: "JSON",
    list: "JSON",
}
_BOUNDS = (("ge", ">="), ("gt", ">"), ("le", "<="), ("lt", "<"))
_INTRODUCTION = """# Configuration

Every setting is an environment variable. An empty variable counts as not set. If a setting is
missing or invalid, a worker ends at its start with a message that names the variable, and a
function answers 500.

- On one machine `make run` sets the secrets, buckets and addresses: [one machine](local.md).
- In the cloud terraform sets them, and takes others from its variable `settings`:
  [install](../operations/install.md).
- A speed setting of the sdxl worker without a default is on where there is a GPU.

`python -m infra.settings_page` writes this page from the settings classes.
"""


def page() -> str:
    """Build the page, as Markdown."""
    classes = {model.__name__: model for model in _models()}
    first = [name for name in _HEADINGS if name in classes]
    others = sorted(classes.keys() - _HEADINGS.keys())
    parts = [_INTRODUCTION]
    for name in [*first, *others]:
        parts += [f"## {_heading(name)}", "", *_section(classes[name])]
    return "\n".join(parts)


def _heading(name: str) -> str:
    return _HEADINGS.get(name, f"{name.removesuffix('Settings')} worker")


def _models() -> Iterator[type[BaseModel]]:
    """Yield each settings class that has fields of its own, of every settings module."""
    for path in sorted(path for source in _SOURCES for path in ROOT.glob(source)):
        name = path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
        module = importlib.import_module(name)
        for model in vars(module).values():
            if (
                inspect.isclass(model)
                and issubclass(model, BaseModel)
                and model.__module__ == name
                and model.__annotations__.keys() & model.model_fields.keys()
            ):
                yield model


def _section(model: type[BaseModel]) -> Iterator[str]:
    """Yield the lines of a class's tables, one table for each of its groups.

    Raises:
        ValueError: A field has no docstring.
    """
    meanings = _meanings(model)
    for name in model.__annotations__.keys() & model.model_fields.keys() - meanings.keys():
        raise ValueError(f"{model.__name__}.{name} has no docstring.")
    for heading, rows in itertools.groupby(meanings.items(), key=lambda row: row[1][0]):
        if heading:
            yield from (f"### {heading}", "")
        yield from ("| variable | default | unit or values | meaning |", "|---|---|---|---|")
        for name, (_, meaning) in rows:
            field = model.model_fields[name]
            cells = (f"`{name.upper()}`", _default(field), _values(name, field), meaning)
            yield f"| {' | '.join(cells)} |"
        yield ""


def _meanings(model: type[BaseModel]) -> Mapping[str, tuple[str | None, str]]:
    """Read each field's docstring, and the comment that heads its group."""
    lines, _ = inspect.getsourcelines(model)
    (tree,) = ast.parse("".join(lines)).body
    if not isinstance(tree, ast.ClassDef):
        raise TypeError(f"{model.__name__} is no class")
    headings = {
        number: line.strip(" #.\n").partition(":")[0]
        for number, line in enumerate(lines, 1)
        if re.match(r" {4}# [A-Z]", line)
    }
    found = {}
    for node, following in zip(tree.body, tree.body[1:], strict=False):
        match node, following:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                above = [heading for at, heading in headings.items() if at < node.lineno]
                meaning = " ".join(text.split()).replace("``", "`").replace("|", "\\|")
                found[name] = (above[-1] if above else None, meaning)
    return found


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None or value == ():
        return ""
    if isinstance(value, Path) and value.is_relative_to(ROOT):
        value = value.relative_to(ROOT)
    if isinstance(value, bool):
        value = str(value).lower()
    return f"`{value}`"


def _values(name: str, field: FieldInfo) -> str:
    """Say a field's unit or values, and its bounds."""
    unit = next((unit for suffix, unit in _UNITS.items() if name.endswith(suffix)), None)
    bounds = [
        f"{sign} {value:g}"
        for attribute, sign in _BOUNDS
        for constraint in _metadata(field)
        if (value := getattr(constraint, attribute, None)) is not None
    ]
    secret = None if field.repr else "secret"
    return ", ".join([secret or unit or _type(field.annotation), *bounds])


def _metadata(field: FieldInfo) -> Iterator[Any]:
    """Yield the constraints of a field, those of an optional type among them."""
    yield from field.metadata
    for argument in get_args(field.annotation):
        for constraint in getattr(argument, "__metadata__", ()):
            yield from getattr(constraint, "metadata", (constraint,))


def _type(annotation: Any) -> str:  # noqa: ANN401 - a type may be written as anything
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(annotation))
    if annotation in _TYPES:
        return _TYPES[annotation]
    if (origin := get_origin(annotation)) in _TYPES:
        return _TYPES[origin]
    inner = [argument for argument in get_args(annotation) if argument is not type(None)]
    return _type(inner[0]) if inner else "text"


def main() -> None:
    """Write the page, or with ``--check`` end with 1 where it is not up to date."""
    if "--check" in sys.argv[1:]:
        sys.exit(int(PAGE.read_text() != page()))
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
