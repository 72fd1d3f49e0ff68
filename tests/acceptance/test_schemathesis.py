"""Requests generated from docs/openapi.json: no server error and only documented responses."""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, TypeVar, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from infra.local.config import tokens
from infra.openapi.__main__ import PATH
from tests.support.fake_chat_server import ChatServer
from tests.support.local_system import LocalSystem, UserClient

Case: TypeAlias = schemathesis.Case[Any]
T = TypeVar("T")

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SIGNED = ["worker", "scheduler"]
"""Tags of operations whose callers hold a key that no generated request has."""

STREAM_SECONDS = (1, 2, 4, 8, 16, 32, 64)
"""Lifetimes of the tokens of streams, in seconds: a stream lasts as long as its token."""

JSON = "application/json"
_STAR = "a red star on blue"
GOOD: dict[str, dict[str, Any]] = {
    "queue-job": {"jobType": "sdxl_image_fast", "metadata": {"prompt": _STAR, "seed": 7}},
    "workspace-actions": {"action": "create_collection", "name": "Stars"},
    "generate-admin-image": {"prompt": _STAR, "model_type": "sdxl", "quality": "fast"},
    "get-active-worker-url": {"worker_type": "chat"},
    "enhance-prompt": {"prompt": _STAR},
    "validate-enhancement-fix": {
        "original_prompt": _STAR,
        "enhanced_prompt": f"{_STAR}, in soft light",
        "test_cases": ["preserves_subject"],
    },
    "playground-chat": {"message": "Hello"},
    "system-metrics": {},
}
"""Bodies that are accepted, which random generation seldom produces."""

LASTING = "job-events-get"
"""The operation whose responses last a whole second each, so a few requests are enough."""


def _read(*, with_coverage: bool = False) -> BaseSchema:
    schema = schemathesis.openapi.from_path(str(PATH))
    schema.config.generation.with_security_parameters = False
    schema.config.phases.coverage.enabled = with_coverage
    return schema


def _made_up(examples: int) -> Callable[[T], T]:
    """Settings for this many requests per operation, the same in each run."""
    made_up = settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    return cast("Callable[[T], T]", made_up)


def _each(schema: BaseSchema) -> Callable[[T], T]:
    """Parametrize a test by the operations of a schema."""
    return cast("Callable[[T], T]", schema.parametrize())


FEW, MANY = _read(), _read(with_coverage=True)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    """A system that does not wait for admin images, with a chat server that responds at once."""
    system = LocalSystem(
        tmp_path_factory.mktemp("made-up") / "data",
        worker="none",
        ADMIN_IMAGE_WAIT_SECONDS="0",
        MAX_QUEUED_JOBS_PER_USER="100000",
        STARTING_CREDITS="1000000",
        SWEEP_SECONDS="3600",
    )
    system.start()
    server = ChatServer(system)
    assert server.register("chat").status_code == 200
    yield system
    server.close()
    assert system.stop() == 0


@pytest.fixture(scope="module")
def admin(system: LocalSystem) -> UserClient:
    """A user who may call every endpoint for users and admins."""
    return UserClient(system, is_admin=True)


def _try(case: Case, admin: UserClient) -> None:
    lasts = case.operation.definition.raw["operationId"] == LASTING
    token = tokens.user_token(expires_in=STREAM_SECONDS[0]) if lasts else admin.token
    case.call_and_validate(
        base_url=admin.base,
        headers={"authorization": f"Bearer {token}"},
        checks=CHECKS,
        allow_redirects=False,
    )


@_each(FEW.exclude(tag=SIGNED))
@_made_up(5)
def test_a_response_matches_openapi(case: Case, admin: UserClient) -> None:
    _try(case, admin)


@pytest.mark.parametrize("name", GOOD)
def test_a_successful_response_matches_openapi(name: str, admin: UserClient) -> None:
    operation = FEW[f"/functions/v1/{name}"]["POST"]
    answer = operation.Case(body=GOOD[name], media_type=JSON).call_and_validate(
        base_url=admin.base,
        headers={"authorization": f"Bearer {admin.token}"},
        checks=CHECKS,
    )
    assert answer.status_code < 300, answer.text


def test_the_events_of_a_stream_match_openapi(admin: UserClient) -> None:
    began = _read_stream(admin, "ready")
    (position,) = re.findall(r"event: ready\nid: (\S+)", began)
    admin.create_job()
    _read_stream(admin, "change", lastEventId=position)


def _read_stream(admin: UserClient, event: str, **query: str) -> str:
    """Read a stream to its end; use longer-lived tokens until the event is in it."""
    listen = FEW["/functions/v1/job-events"]["GET"]
    for seconds in STREAM_SECONDS:
        token = tokens.user_token(admin.id, expires_in=seconds)
        response = listen.Case(query=query).call_and_validate(
            base_url=admin.base, headers={"authorization": f"Bearer {token}"}, checks=CHECKS
        )
        if f"event: {event}" in response.text:
            return response.text
    raise AssertionError(f"no stream of {STREAM_SECONDS} s has the event {event}")


def test_the_events_of_a_streamed_reply_match_openapi(admin: UserClient) -> None:
    chat = FEW["/functions/v1/playground-chat"]["POST"]
    headers = {"authorization": f"Bearer {admin.token}", "accept": "text/event-stream"}
    answer = chat.Case(body={"message": "Hello"}, media_type=JSON).call_and_validate(
        base_url=admin.base, headers=headers, checks=CHECKS
    )
    assert re.findall("event: (.*)", answer.text) == ["message", "done"]


@_each(FEW.include(path="/rest/v1/{table}"))
@_made_up(10)
def test_reading_a_table_matches_openapi(case: Case, admin: UserClient) -> None:
    case.path_parameters["table"] = "jobs"
    _try(case, admin)


@_each(FEW.include(tag=SIGNED))
@_made_up(5)
def test_no_callback_without_a_signature_is_accepted(case: Case, admin: UserClient) -> None:
    answer = case.call(base_url=admin.base, headers={"authorization": f"Bearer {admin.token}"})
    assert answer.status_code == 401
    case.validate_response(answer, checks=CHECKS)


@pytest.mark.slow
@_each(MANY.exclude(tag=SIGNED).exclude(operation_id=LASTING))
@_made_up(200)
def test_every_response_matches_openapi(case: Case, admin: UserClient) -> None:
    _try(case, admin)
