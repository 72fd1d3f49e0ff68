"""Each function's request and response over HTTP, as the specification prints them."""

from collections.abc import Iterator

import httpx
import pytest

from tests.integration.specification.callers import Stage
from tests.integration.specification.json_shapes import (
    Body,
    Shape,
    Spot,
    faults,
    found,
    put,
    spots,
    without,
    wrong,
)
from tests.integration.specification.specification import INTERFACES
from tests.support.fake_chat_server import ChatServer
from tests.support.local_system import LocalSystem
from tests.support.scripted_worker import ScriptedWorker

WITH_WHOLE = [name for name, interface in INTERFACES.items() if interface.whole]
FIELDS = [
    (name, spot) for name, interface in INTERFACES.items() for spot in spots(interface.request)
]
REQUIRED = [(name, spot) for name, spot in FIELDS if spot.is_required]

VALUES = [
    (name, spot, value)
    for name, spot in FIELDS
    if isinstance(spot.shape, tuple)
    for value in spot.shape
]


@pytest.fixture(scope="module")
def chat(bare: LocalSystem) -> Iterator[ChatServer]:
    """A chat server for the tests of this module."""
    server = ChatServer(bare)
    assert server.register("chat").status_code == 200
    yield server
    server.close()
    bare.rows("delete from workers where id = 'demo-chat' returning id")


@pytest.fixture
def stage(bare: LocalSystem, hand_worker: ScriptedWorker, chat: ChatServer) -> Stage:
    return Stage(bare, hand_worker, chat)


@pytest.fixture(scope="module")
def audience(bare: LocalSystem, hand_worker: ScriptedWorker, chat: ChatServer) -> Stage:
    """One stage for all requests that are refused."""
    return Stage(bare, hand_worker, chat)


def _send(stage: Stage, name: str, body: Body) -> httpx.Response:
    call = stage.drawn if name == "generate-admin-image" else stage.call
    return call(name, stage.filled(body))


def _answered(stage: Stage, name: str, body: Body) -> None:
    answer = _send(stage, name, body)
    assert answer.is_success, answer.text
    assert not list(faults(answer.json(), INTERFACES[name].answer))


@pytest.mark.parametrize("name", INTERFACES)
def test_the_required_fields_are_enough(name: str, stage: Stage) -> None:
    interface = INTERFACES[name]
    _answered(stage, name, {**interface.least, **interface.also})


@pytest.mark.parametrize("name", [name for name in INTERFACES if INTERFACES[name].whole])
def test_every_field_is_taken(name: str, stage: Stage) -> None:
    _answered(stage, name, INTERFACES[name].sample)


@pytest.mark.parametrize(("name", "spot"), REQUIRED, ids=str)
def test_a_request_without_a_required_field_is_refused(
    name: str, spot: Spot, audience: Stage
) -> None:
    body = audience.filled(INTERFACES[name].sample)
    _refused(audience, name, without(body, spot), spot)


@pytest.mark.parametrize(("name", "spot"), FIELDS, ids=str)
def test_a_field_of_another_type_is_refused(name: str, spot: Spot, audience: Stage) -> None:
    body = audience.filled(INTERFACES[name].sample)
    _refused(audience, name, wrong(body, spot), spot)


@pytest.mark.parametrize(("name", "spot", "value"), VALUES, ids=str)
def test_every_value_of_an_enumeration_is_known(
    name: str, spot: Spot, value: str, stage: Stage
) -> None:
    body = put(stage.filled(INTERFACES[name].sample), spot, value)
    answer = _send(stage, name, body)
    kinds = {one["type"] for one in answer.json().get("details", [])}
    assert not kinds & {"literal_error", "union_tag_invalid"}, answer.text


@pytest.mark.parametrize("name", [name for name in INTERFACES if INTERFACES[name].also])
def test_missing_fields_beyond_the_specification_are_named(name: str, audience: Stage) -> None:
    interface = INTERFACES[name]
    answer = audience.call(name, audience.filled(interface.least))
    assert answer.status_code == 422
    (field,) = interface.also
    assert any(field in detail["field"] for detail in answer.json()["details"])


@pytest.mark.parametrize("name", INTERFACES)
def test_the_samples_are_what_they_are_called(name: str, audience: Stage) -> None:
    interface = INTERFACES[name]
    required = {field for field in interface.request if not field.endswith("?")}
    assert interface.least.keys() == required
    sample = audience.filled(interface.sample)
    assert not list(faults(sample, interface.request))
    for spot in spots(interface.request):
        assert found(sample, spot) is not None


@pytest.mark.parametrize(
    ("value", "shape", "expected"),
    [
        ({"a": "x"}, {"a": str}, []),
        ({}, {"a?": str}, []),
        ({}, {"a": str}, ["it.a is missing"]),
        ({"a": None}, {"a?": str}, ["it.a is None"]),
        ({"a": True}, {"a": float}, ["it.a is True"]),
        ({"a": [{"b": "x"}, {"b": "z"}]}, {"a": [{"b": ("x", "y")}]}, ["it.a[1].b is 'z'"]),
        ([], {"a": str}, ["it is []"]),
    ],
)
def test_what_is_not_of_its_shape_is_found(
    value: object, shape: Shape, expected: list[str]
) -> None:
    assert list(faults(value, shape)) == expected


def _refused(audience: Stage, name: str, body: Body, spot: Spot) -> None:
    answer = audience.call(name, body)
    assert answer.status_code == 422, answer.text
    field = str(spot.steps[-1])
    details = answer.json()["details"]
    assert any(
        field in detail["field"] or f"'{field}'" in detail["message"] for detail in details
    ), details
