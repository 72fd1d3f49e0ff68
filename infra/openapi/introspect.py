"""What a handler's own types say: its body, its answers, its caller, and how it may refuse.

A handler that takes ``Call`` and does more than look away declares the rest in ``declared``.
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
    """Every method of the function."""
    return DECLARED.get(function.name) or [
        _operation(function, method) for method in function.methods
    ]


def text(function: Function) -> tuple[str, str]:
    """What the function is for, and the handler's own sentence."""
    module = importlib.import_module(function.module)
    first = (inspect.getdoc(module) or "").splitlines()[0]
    summary = first.partition(": ")[2]
    return summary[:1].upper() + summary[1:], inspect.getdoc(_handler(function)) or ""


def refusals(function: Function, operation: Operation) -> set[type[ApiError]]:
    """The errors that may be answered: the door's, and those that the function's modules know."""
    found = _OF_ALL | set(_known(function))
    if operation.reads:
        found |= _OF_A_BODY
    if function.caller in {"admin", "worker"} or WORKER_SIGNATURE in operation.security:
        found |= {ForbiddenError}
    if _main(function).rate and BEARER in operation.security:
        found |= {RateLimitedError}
    if function.caller == "worker":
        found |= {PayloadTooLargeError}  # the seal is over the body, so it is read in any case
    if IDEMPOTENCY_KEY in operation.parameters:
        found |= {ConflictError, InvalidRequestError}
    return found - {MethodNotAllowedError}  # which is of no method that is told of


def _operation(function: Function, method: str) -> Operation:
    first, caller, *others = _hints(function)
    reads, answers = first, others.pop()
    models = tuple(member for member in _members(answers) if issubclass(member, BaseModel))
    return Operation(
        method=method,
        answers={_good_status(function): Response("Done.", models)},
        reads=None if reads is HttpRequest else reads,
        parameters=(IDEMPOTENCY_KEY,) if IdempotentRequest in others else (),
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


def _main(function: Function) -> typing.Any:  # noqa: ANN401 - with what the door tells of itself
    return importlib.import_module(function.module).main


def _hints(function: Function) -> list[typing.Any]:
    """The types of the handler's parameters, and last of its answer."""
    return list(typing.get_type_hints(_handler(function)).values())


def _members(hint: typing.Any) -> tuple[typing.Any, ...]:  # noqa: ANN401 - any type
    is_union = typing.get_origin(hint) in {typing.Union, types.UnionType}
    return typing.get_args(hint) if is_union else (hint,)


def _known(function: Function) -> Iterator[type[ApiError]]:
    """Errors named in the function's modules, and in the shared ones that those are read with."""
    package = function.module.rpartition(".")[0]
    path = importlib.import_module(package).__path__
    waiting = [
        importlib.import_module(f"{package}.{module.name}") for module in pkgutil.iter_modules(path)
    ]
    seen: set[ModuleType] = set()
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        for _, member in inspect.getmembers(module):
            if inspect.isclass(member) and issubclass(member, ApiError):
                yield member
            if inspect.ismodule(member) and member.__name__.startswith("shared."):
                waiting.append(member)
