"""Every regular expression in the product's source, with how it is used."""

import ast
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.regular_expressions.backtracking import Use
from tests.support.local_system import ROOT

FOLDERS = ("functions", "shared", "gpu_workers", "infra/local")
"""Folders that parse callers' texts; the rest of ``infra`` reads the repository's own files."""

_USES: dict[str, Use] = {
    "match": "match",
    "fullmatch": "fullmatch",
    **dict.fromkeys(("search", "sub", "subn", "split", "findall", "finditer"), "search"),
}
_POSITION_OF_FLAGS = {"compile": 1, "match": 2, "fullmatch": 2, "search": 2}
"""Position of the flags among the arguments; other functions always use ``flags=`` here."""


@dataclass(frozen=True)
class Expression:
    """One regular expression."""

    path: str
    name: str
    """The constant that holds it, or the function that contains it."""
    pattern: str
    flags: int
    use: Use

    def __str__(self) -> str:
        return f"{self.path} {self.name} ({self.use})"


@dataclass(frozen=True)
class Site:
    """A call of ``re`` whose pattern is computed by its function."""

    path: str
    name: str


def find_expressions() -> tuple[list[Expression], set[Site]]:
    """Return the expressions that can be read from the source, and the calls where they cannot."""
    expressions: list[Expression] = []
    sites: set[Site] = set()
    for path in _files():
        source = _Source(path)
        for result in source.calls():
            if isinstance(result, Site):
                sites.add(result)
            else:
                expressions += result
    return expressions, sites


@cache
def _files() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


class _Source:
    def __init__(self, path: Path) -> None:
        self._path = str(path.relative_to(ROOT))
        self._tree = ast.parse(path.read_text())
        self._parents = {
            child: node for node in ast.walk(self._tree) for child in ast.iter_child_nodes(node)
        }

    def calls(self) -> Iterator[list[Expression] | Site]:
        """Yield the expressions of each call of a function of ``re``, or the call's site."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.ImportFrom) and node.module == "re":
                raise AssertionError(f"{self._path}: call functions of re as re.name")
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=called)) if (
                    called in {"compile", *_USES}
                ):
                    yield self._read(node, called)

    def _read(self, call: ast.Call, called: str) -> list[Expression] | Site:
        constant = self._constant(call) if called == "compile" else None
        name = constant or self._function(call)
        flags = next((keyword.value for keyword in call.keywords if keyword.arg == "flags"), None)
        position = _POSITION_OF_FLAGS.get(called)
        if flags is None and position is not None and len(call.args) > position:
            flags = call.args[position]
        try:
            pattern = self._value(call.args[0])
            number = int(self._value(flags)) if flags else 0
        except NameError:
            return Site(self._path, name)
        if called != "compile":
            uses = {_USES[called]}
        elif constant:
            uses = set(_uses(self._tree, self._parents, constant))
        else:
            uses = {"search"}
        return [Expression(self._path, name, pattern, number, use) for use in sorted(uses)]

    def _constant(self, call: ast.Call) -> str | None:
        parent = self._parents[call]
        is_of_module = isinstance(self._parents.get(parent), ast.Module)
        if is_of_module and isinstance(parent, ast.Assign) and len(parent.targets) == 1:
            target = parent.targets[0]
            return target.id if isinstance(target, ast.Name) else None
        return None

    def _function(self, node: ast.AST) -> str:
        while not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
            node = self._parents[node]
        return "module" if isinstance(node, ast.Module) else node.name

    def _value(self, expression: ast.expr) -> Any:  # noqa: ANN401 - of any expression
        """Evaluate an expression of the module's own constants."""
        code = compile(ast.Expression(expression), self._path, "eval")
        try:
            return eval(code, {"re": re})  # noqa: S307 - the product's own source
        except NameError:
            module = importlib.import_module(self._path.removesuffix(".py").replace("/", "."))
            return eval(code, dict(vars(module)))  # noqa: S307 - the same


def _uses(tree: ast.Module, parents: dict[ast.AST, ast.AST], name: str) -> Iterator[Use]:
    """Yield how a constant of a module is used; other uses count as ``search``."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)):
            continue
        match parents[node]:
            case ast.Attribute(attr="pattern"):
                pass
            case ast.Attribute(attr=method):
                yield _USES.get(method, "search")
            case ast.Call(func=ast.Attribute(attr=("match" | "fullmatch") as method)):
                yield _USES[method]  # passed to a method that does the same
            case _:
                yield "search"
