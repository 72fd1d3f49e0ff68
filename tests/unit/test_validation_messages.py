"""What a client reads where its request is not valid."""

from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from shared.contracts.jobs import QueueJobRequest
from shared.contracts.postgres import PostgresJson
from shared.contracts.workspace import WorkspaceAction
from shared.http.validation_messages import error_details, summary

Mark = Annotated[str, Field(max_length=1)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)

    asset_id: UUID | None = None
    title: Annotated[str, Field(min_length=1, max_length=200)] = "x"
    code: Annotated[str, Field(min_length=3, pattern="^[a-z]+$")] = "abc"
    tags: Annotated[
        list[Annotated[str, Field(max_length=1)]], Field(min_length=2, max_length=3)
    ] = []
    count: Annotated[int, Field(ge=1, lt=7)] = 1
    share: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 1
    kind: Literal["image", "video"] = "image"
    is_free: bool = False
    metadata: PostgresJson = {}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"title": ""}, "Title must not be empty."),
        ({"title": "x" * 201}, "Title must be at most 200 characters long."),
        ({"title": 1}, "Title must be a string."),
        ({"code": "ab"}, "Code must be at least 3 characters long."),
        ({"code": "ABC"}, "Code has an invalid format."),
        ({"tags": ["a"]}, "Tags must have at least 2 items."),
        ({"tags": list("abcd")}, "Tags must have at most 3 items."),
        ({"tags": ["a", "bb"]}, "Item 2 of tags must be at most 1 character long."),
        ({"tags": "ab"}, "Tags must be a list."),
        ({"count": 0}, "Count must be at least 1."),
        ({"count": 7}, "Count must be less than 7."),
        ({"count": "x"}, "Count must be an integer."),
        ({"share": 0}, "Share must be greater than 0."),
        ({"share": 2}, "Share must be at most 1."),
        ({"share": float("nan")}, "Share must be a finite number."),
        ({"share": "x"}, "Share must be a number."),
        ({"kind": "audio"}, "Kind must be one of: image, video."),
        ({"isFree": "x"}, "isFree must be true or false."),
        ({"assetId": "x"}, "assetId must be a UUID."),
        ({"metadata": {"a": "\0"}}, "Metadata must not contain a NUL character."),
        ({"metadata": []}, "Metadata must be an object."),
        ({"other": 1}, "Other is not a known field."),
        ([], "The body must be an object."),
    ],
)
def test_a_message_names_the_field_and_what_to_change(body: Any, message: str) -> None:  # noqa: ANN401 - JSON
    (detail,) = _details(TypeAdapter(Body), body)
    assert detail["message"] == message


@pytest.mark.parametrize(
    ("form", "body", "field", "message"),
    [
        (QueueJobRequest, {"jobType": "x" * 200}, "jobType", "jobType must be at most"),
        (QueueJobRequest, {}, "jobType", "jobType is required."),
        (WorkspaceAction, {}, "action", "Action is required."),
        (WorkspaceAction, {"action": "x"}, "action", "Action must be one of: save_to_library, "),
        (
            WorkspaceAction,
            {"action": "discard_asset"},
            "discard_asset.assetId",
            "assetId is required.",
        ),
    ],
)
def test_requests_of_the_product(form: Any, body: object, field: str, message: str) -> None:  # noqa: ANN401 - a union
    (detail,) = _details(TypeAdapter(form), body)
    assert detail["field"] == field
    assert detail["message"].startswith(message)


def test_what_was_sent_is_not_repeated() -> None:
    for body in ({"action": "secret"}, {"action": ["secret"]}, "secret", {"action": {"secret": 1}}):
        assert "secret" not in repr(_details(TypeAdapter(WorkspaceAction), body))


def test_the_summary_is_the_first_message_and_how_many_follow() -> None:
    details = _details(TypeAdapter(Body), {"title": "", "count": 0, "kind": "audio"})
    assert summary(details[:1]) == "Title must not be empty."
    assert (
        summary(details[:2]) == "Title must not be empty. 1 more field is not valid; see details."
    )
    assert summary(details).endswith(" 2 more fields are not valid; see details.")


def _details(form: TypeAdapter[Any], body: object) -> list[dict[str, str]]:
    with pytest.raises(ValidationError) as raised:
        form.validate_python(body)
    return error_details(raised.value)
