"""Derive operations from handler types: body, responses, caller and errors.

The operations of a handler that takes an ``HttpRequest`` are declared in ``overrides``.
"""

import importlib
import inspect
import pkgutil
import types
import typing
from collections.abc import Iterator
from types import ModuleType

from pydantic import BaseModel

from infra.manifest import Function
from infra.openapi.overrides import DECLARED
from infra.openapi.types import (
    BEARER,
    IDEMPOTENCY_KEY,
    SCHEDULER,
    WORKER_SIGNATURE,
    Operation,
    Requirement,
    Response,
)
from shared.auth.authenticators import Worker
from shared.errors import (
    ApiError,
    ConflictError,
    ForbiddenError,
    InvalidJsonError,
    InvalidRequestError,
    MethodNotAllowedError,
    PayloadTooLargeError,
    RateLimitedError,
    ServiceUnavailableError,
    UnauthenticatedError,
    UnsupportedMediaTypeError,
)
from shared.http import HttpRequest
from shared.http.idempotency import IdempotentRequest

_OF_A_BODY = {
    InvalidJsonError,
    PayloadTooLargeError,
    UnsupportedMediaTypeError,
    InvalidRequestError,
}
_OF_ALL = {ApiError, UnauthenticatedError, ServiceUnavailableError}


def operations(function: Function) -> list[Operation]:
    """Return the operations of a function: declared ones, else one per method."""
    return DECLARED.get(function.name) or [
        _operation(function, method) for method in function.methods
    ]


def text(function: Function) -> tuple[str, str]:
    """Return the summary of the function's module docstring, and the handler's docstring."""
    module = importlib.import_module(function.module)
    first = (inspect.getdoc(module) or "").splitlines()[0]
    summary = first.partition(": ")[2]
    return summary[:1].upper() + summary[1:], inspect.getdoc(_handler(function)) or ""


def refusals(function: Function, operation: Operation) -> set[type[ApiError]]:
    """Return the errors of an operation: the endpoint's, and those its modules refer to."""
    possible = _OF_ALL | set(_known(function))
    if operation.reads:
        possible |= _OF_A_BODY
    if function.caller in {"admin", "worker"} or WORKER_SIGNATURE in operation.security:
        possible |= {ForbiddenError}
    if _main(function).rate and BEARER in operation.security:
        possible |= {RateLimitedError}
    if function.caller == "worker":
        possible |= {PayloadTooLargeError}  # the body is always read to verify the signature
    if IDEMPOTENCY_KEY in operation.parameters:
        possible |= {ConflictError, InvalidRequestError}
    return possible - {MethodNotAllowedError}  # not for a method that is documented


def _operation(function: Function, method: str) -> Operation:
    reads, caller, *rest = _hints(function)
    returned = rest.pop()
    models = tuple(member for member in _members(returned) if issubclass(member, BaseModel))
    return Operation(
        method=method,
        answers={_good_status(function): Response("Done.", models)},
        reads=None if reads is HttpRequest else reads,
        parameters=(IDEMPOTENCY_KEY,) if IdempotentRequest in rest else (),
        security=_security(function, caller),
    )


def _security(function: Function, caller: object) -> tuple[Requirement, ...]:
    if function.caller == "scheduler":
        return (SCHEDULER,)
    if function.caller == "worker":
        return (WORKER_SIGNATURE,)
    return (BEARER, WORKER_SIGNATURE) if Worker in _members(caller) else (BEARER,)


def _handler(function: Function) -> types.FunctionType:
    module = importlib.import_module(function.module)
    handler: types.FunctionType = getattr(module, function.name.replace("-", "_"))
    return handler


def _good_status(function: Function) -> int:
    status: int = _main(function).good_status
    return status


def _main(function: Function) -> typing.Any:  # noqa: ANN401 - with the endpoint's attributes
    return importlib.import_module(function.module).main


def _hints(function: Function) -> list[typing.Any]:
    """Return the types of the handler's parameters, and last of its return value."""
    return list(typing.get_type_hints(_handler(function)).values())


def _members(hint: typing.Any) -> tuple[typing.Any, ...]:  # noqa: ANN401 - any type
    is_union = typing.get_origin(hint) in {typing.Union, types.UnionType}
    return typing.get_args(hint) if is_union else (hint,)


def _known(function: Function) -> Iterator[type[ApiError]]:
    """Yield errors named in the function's modules, and in the shared modules they import."""
    package = function.module.rpartition(".")[0]
    path = importlib.import_module(package).__path__
    waiting = [
        importlib.import_module(f"{package}.{module.name}") for module in pkgutil.iter_modules(path)
    ]
    visited: set[ModuleType] = set()
    while waiting:
        module = waiting.pop()
        if module in visited:
            continue
        visited.add(module)
        for _, member in inspect.getmembers(module):
            if inspect.isclass(member) and issubclass(member, ApiError):
                yield member
            if inspect.ismodule(member) and member.__name__.startswith("shared."):
                waiting.append(member)
