"""docs/openapi.json: up to date, valid and complete."""

import inspect
import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis

from infra import manifest as the_map
from infra.openapi.__main__ import PATH, written
from shared import errors
from shared.errors import ApiError

DOCUMENT = json.loads(PATH.read_text())
OPERATIONS = {
    operation["operationId"]: operation
    for methods in DOCUMENT["paths"].values()
    for operation in methods.values()
}


def test_the_file_is_what_the_code_says_now() -> None:
    assert PATH.read_text() == written(), "run python -m infra.openapi"


def test_it_is_valid_openapi() -> None:
    schemathesis.openapi.from_dict(DOCUMENT).validate()
    broken = {**DOCUMENT, "paths": {"/": {"get": {"responses": []}}}}
    with pytest.raises(ValueError, match="Failed validating"):
        schemathesis.openapi.from_dict(broken).validate()


def test_every_reference_leads_somewhere() -> None:
    for reference in _references(DOCUMENT):
        place: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            assert step in place, reference
            place = place[step]


def test_every_method_of_every_function_is_documented() -> None:
    for function in the_map.read().functions.values():
        documented = {
            method.upper()
            for path, methods in DOCUMENT["paths"].items()
            if path.startswith(function.prefixes[-1])
            for method in methods
        }
        assert documented == set(function.methods), function.name


def test_every_error_is_documented() -> None:
    classes = [
        var for var in vars(errors).values() if inspect.isclass(var) and issubclass(var, ApiError)
    ]
    codes = DOCUMENT["components"]["schemas"]["Problem"]["properties"]["code"]["examples"]
    assert set(codes) == {class_.code for class_ in classes}
    for class_ in classes:
        description = DOCUMENT["components"]["responses"][f"Problem{class_.status}"]["description"]
        assert f"`{class_.code}`: {inspect.getdoc(class_)}" in description


def test_an_idempotency_key_is_offered_where_one_is_heeded() -> None:
    reference = {"$ref": "#/components/parameters/IdempotencyKey"}
    offering = {name for name, one in OPERATIONS.items() if reference in one.get("parameters", [])}
    assert offering == {"queue-job", "workspace-actions", "generate-admin-image"}


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        ("queue-job", "202 400 401 402 404 409 413 415 422 429 500 503"),
        ("system-metrics", "200 401 403 429 500 503"),
        ("generate-admin-image", "200 202 400 401 402 403 404 409 413 415 422 429 500 503"),
    ],
)
def test_an_operation_documents_each_of_its_statuses(name: str, statuses: str) -> None:
    assert list(OPERATIONS[name]["responses"]) == statuses.split()


def _references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)
