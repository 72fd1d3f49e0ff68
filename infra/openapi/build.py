"""Assemble the OpenAPI document from the manifest's functions and the handlers' models."""

import tomllib
from pathlib import Path

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core import core_schema

from infra import manifest
from infra.manifest import Function
from infra.openapi import errors, introspect, sse_schemas
from infra.openapi.security_schemes import SCHEMES
from infra.openapi.types import Json, Operation, Response
from shared.http.idempotency import HEADER

_PROJECT = Path(__file__).parents[2] / "pyproject.toml"

_KEY: Json = {
    "name": HEADER,
    "in": "header",
    "description": "A repeated request with the same key and body returns the first response.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}


class _Schemas(GenerateJsonSchema):
    """Pydantic's generator; in responses, fields with defaults are required too."""

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,  # noqa: FBT001 - pydantic's signature
    ) -> bool:
        """Return whether the field is always present in the JSON."""
        if self.mode == "serialization":
            return field.get("serialization_exclude_if") is None
        return super().field_is_required(field, total)

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002
        """Return False: the field's name is enough."""
        return False


class _Models:
    """The schemas of all models, by reference."""

    def __init__(self, operations: list[Operation]) -> None:
        models: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {}
        for operation in operations:
            if operation.reads:
                models[operation.reads, "validation"] = None
            for response in operation.answers.values():
                models |= dict.fromkeys((model, "serialization") for model in response.models)
        models |= dict.fromkeys((model, "serialization") for model in sse_schemas.STREAMED_MODELS)
        self._references, definitions = models_json_schema(
            list(models),
            ref_template="#/components/schemas/{model}",
            schema_generator=_Schemas,
        )
        self.schemas: Json = definitions["$defs"]

    def body(self, model: type[BaseModel]) -> Json:
        """Return the schema of a request body."""
        return {"schema": self._references[model, "validation"]}

    def answer(self, models: tuple[type[BaseModel], ...]) -> Json:
        """Return the schema of a response that is any of the models."""
        schemas = [self._references[model, "serialization"] for model in models]
        return {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}


def document() -> Json:
    """Return the OpenAPI document."""
    functions = list(manifest.read().functions.values())
    operations = [
        (function, operation)
        for function in functions
        for operation in introspect.operations(function)
    ]
    models = _Models([operation for _, operation in operations])
    paths: dict[str, Json] = {}
    for function, operation in operations:
        path = function.prefixes[-1] + operation.path
        document = _operation(function, operation, models)
        paths.setdefault(path, {})[operation.method.lower()] = document
    return {
        "openapi": "3.1.0",
        "info": _info(),
        "servers": [{"url": "http://127.0.0.1:8080", "description": "make run"}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted({**models.schemas, "Problem": errors.schema()}.items())),
            "parameters": {"IdempotencyKey": _KEY},
            "responses": errors.responses(),
            "securitySchemes": SCHEMES,
        },
    }


def _info() -> Json:
    project = tomllib.loads(_PROJECT.read_text())["project"]
    return {
        "title": "OurVidz",
        "version": project["version"],
        "description": project["description"],
    }


def _operation(function: Function, operation: Operation, models: _Models) -> Json:
    summary, description = introspect.text(function)
    parts: Json = {
        "operationId": _id(function, operation),
        "tags": [function.caller],
        "summary": summary,
        "description": " ".join(filter(None, (description, operation.description))),
        "security": list(operation.security),
    }
    if operation.parameters:
        parts["parameters"] = list(operation.parameters)
    if operation.reads:
        content = {"application/json": models.body(operation.reads)}
        parts["requestBody"] = {"required": True, "content": content}
    if operation.body:
        content = {name: {"schema": schema} for name, schema in operation.body.items()}
        parts["requestBody"] = {"required": True, "content": content}
    good = {
        str(status): _response(response, models) for status, response in operation.answers.items()
    }
    statuses = sorted({error.status for error in introspect.refusals(function, operation)})
    bad = {
        str(status): {"$ref": f"#/components/responses/{errors.name(status)}"}
        for status in statuses
    }
    return {**parts, "responses": {**good, **bad, **good}}


def _response(response: Response, models: _Models) -> Json:
    content = {media_type: {"schema": schema} for media_type, schema in response.content.items()}
    if response.models:
        content = {"application/json": models.answer(response.models), **content}
    headers = {name: {"schema": schema} for name, schema in response.headers.items()}
    document: Json = {
        "description": response.description,
        "headers": {**headers, "X-Request-Id": errors.REQUEST_ID},
    }
    return {**document, "content": content} if content else document


def _id(function: Function, operation: Operation) -> str:
    """Return the function's name; with several operations also the method, path and name."""
    if len(introspect.operations(function)) == 1:
        return function.name
    segments = [part for part in operation.path.split("/") if part and "{" not in part]
    names = [function.name, operation.method.lower(), *segments, operation.name]
    return "-".join(filter(None, names))
