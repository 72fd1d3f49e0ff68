"""Mode nsfw: who may use it, with which references, and which checker must approve the output."""

import io
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from PIL import Image

from tests.support.admin_cli import run_ok
from tests.support.db_roles import connect_as
from tests.support.fake_chat_server import ChatServer, reply
from tests.support.images import RED
from tests.support.local_system import LocalSystem, UserClient
from tests.support.references import ask
from tests.support.safety_drill import decisions, refused
from tests.support.scripted_worker import CHECKED_BY, ScriptedWorker

pytest_plugins = ["tests.support.safety_fixtures"]

NSFW: dict[str, Any] = {"contentType": "nsfw"}


@pytest.fixture
def adult(safety_system: LocalSystem) -> UserClient:
    """A user with a confirmed age."""
    person = UserClient(safety_system)
    _confirm(safety_system, person)
    return person


def _confirm(system: LocalSystem, person: UserClient) -> None:
    with system.database() as connection:
        statement = "insert into profiles (id, age_confirmed_at) values (%s, now())"
        connection.execute(statement, [person.id])


def test_nsfw_needs_a_confirmed_age(safety_system: LocalSystem, safety_user: UserClient) -> None:
    error = refused(safety_user.post_job("a hill", **NSFW), "nsfw")
    assert "confirmed age" in error["error"]
    assert [row["categories"] for row in decisions(safety_system, safety_user)] == [["nsfw"]]
    run_ok(safety_system, "confirm-age", "--user", safety_user.id)
    assert safety_user.post_job("a hill", **NSFW).status_code == 202
    run_ok(safety_system, "confirm-age", "--user", safety_user.id, "--withdraw")
    refused(safety_user.post_job("a hill", **NSFW), "nsfw")


def test_nsfw_needs_a_classifier_that_is_configured(bare: LocalSystem, person: UserClient) -> None:
    _confirm(bare, person)
    error = refused(person.post_job("a hill", **NSFW), "nsfw")
    assert "classifier" in error["error"]


def test_the_date_of_a_confirmation_stays_and_the_credits_are_granted_once(
    safety_system: LocalSystem, safety_user: UserClient
) -> None:
    for _ in range(2):
        run_ok(safety_system, "confirm-age", "--user", safety_user.id)
    (profile,) = safety_user.rows("profiles")
    assert profile["age_confirmed_at"]
    assert safety_user.ledger() == ["grant"]


@pytest.mark.parametrize("day", ["now()", "'2001-01-01'"])
def test_a_user_does_not_confirm_their_own_age(
    safety_system: LocalSystem, safety_user: UserClient, day: str
) -> None:
    assert safety_user.create_job()
    with connect_as(safety_system, "authenticated", safety_user.id) as connection:
        insert = f"insert into profiles (id, age_confirmed_at) values ($1, {day})"
        change = "on conflict (id) do update set age_confirmed_at = excluded.age_confirmed_at"
        update = f"update profiles set age_confirmed_at = {day} where id = $1"
        for statement in (update, insert, f"{insert} {change}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode(), [safety_user.id])
    body = {"age_confirmed_at": "2001-01-01"}
    headers = {"authorization": f"Bearer {safety_user.token}"}
    url = f"{safety_system.base}/rest/v1/profiles?id=eq.{safety_user.id}"
    assert httpx.patch(url, json=body, headers=headers, verify=False).is_client_error  # noqa: S501 - loopback
    refused(safety_user.post_job("a hill", **NSFW), "nsfw")


def test_what_is_refused_in_every_mode_is_refused_in_this(
    safety_system: LocalSystem, adult: UserClient
) -> None:
    refused(adult.post_job("a zorpel blimsen", **NSFW), "drill")
    assert [row["categories"] for row in decisions(safety_system, adult)] == [["drill"]]


def test_an_enhancement_is_by_a_template_of_its_mode(adult: UserClient, chat: ChatServer) -> None:
    chat.behave = reply("a hill under a wide sky")
    answer = adult.post_job("a hill", user_requested_enhancement=True, **NSFW)
    assert answer.status_code == 202
    assert "with the original prompt" in answer.json()["message"], "there is no template for nsfw"
    assert chat.requests == []


def _made(person: UserClient, worker: ScriptedWorker, **references: str) -> str:
    """Generate an image by a job and return its path."""
    answer = ask(person, None, **references) if references else person.post_job("a red field")
    job: str = answer.json()["job"]["id"]
    worker.finish(job, RED)
    return str(person.asset(job)["temp_storage_path"])


def _uploaded(person: UserClient) -> str:
    path = f"{person.id}/photographs/{uuid4()}.png"
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "green").save(file, "PNG")
    answer = httpx.post(
        f"{person.base}/storage/v1/object/workspace-temp/{path}",
        files={"": ("a.png", file.getvalue(), "image/png")},
        headers={"authorization": f"Bearer {person.token}"},
        verify=False,  # noqa: S501 - loopback
    )
    assert answer.is_success, answer.text
    return path


def test_a_reference_in_nsfw_is_a_picture_that_words_made(
    safety_system: LocalSystem, adult: UserClient, drawing_worker: ScriptedWorker
) -> None:
    own = _made(adult, drawing_worker)
    assert ask(adult, NSFW, referenceImageUrl=own).status_code == 202
    signed = adult.sign(own).json()["signedURL"]
    assert ask(adult, NSFW, startReferenceImageUrl=signed).status_code == 202
    assert decisions(safety_system, adult) == []


def test_no_photograph_is_a_reference_in_nsfw(
    safety_system: LocalSystem, adult: UserClient, drawing_worker: ScriptedWorker
) -> None:
    photograph = _uploaded(adult)
    drawn_over = _made(adult, drawing_worker, referenceImageUrl=photograph)
    with safety_system.database() as connection:  # as the sweep does for deleted references
        connection.execute("update jobs set reference_roles = '{}' where user_id = %s", [adult.id])
    for reference in (photograph, drawn_over, "https://pictures.example/photograph.png"):
        before = len(adult.rows("jobs"))
        error = refused(ask(adult, NSFW, referenceImageUrl=reference), "nsfw_reference")
        assert error["details"][0]["field"] == "referenceImageUrl"
        assert len(adult.rows("jobs")) == before
    assert {row["place"] for row in decisions(safety_system, adult)} == {"reference"}


def test_a_copy_is_what_its_original_was(
    safety_system: LocalSystem, adult: UserClient, drawing_worker: ScriptedWorker
) -> None:
    of_words = _made(adult, drawing_worker)
    drawn_over = _made(adult, drawing_worker, referenceImageUrl=_uploaded(adult))
    for path, status in ((of_words, 202), (drawn_over, 422)):
        (asset,) = adult.rows("workspace_assets", temp_storage_path=f"eq.{path}")
        saved = _act(adult, action="save_to_library", assetId=asset["id"])["libraryAssetId"]
        (kept,) = adult.rows("user_library", id=f"eq.{saved}")
        answer = ask(adult, NSFW, referenceImageUrl=kept["storage_path"])
        assert answer.status_code == status, answer.text
        _act(adult, action="discard_asset", assetId=asset["id"])
        known = "select count(*) from text_only_images where path = %s"
        assert safety_system.value(known, path) == 0


def _act(person: UserClient, **body: str) -> dict[str, Any]:
    answer = person.invoke("workspace-actions", body)
    assert answer.is_success, answer.text
    payload: dict[str, Any] = answer.json()
    return payload


@pytest.mark.parametrize(
    ("checked_by", "status"),
    [
        (CHECKED_BY, 200),
        (None, 422),
        ({"kind": "exempt", "name": "exempt"}, 422),
        ({"kind": "checker", "name": CHECKED_BY["name"]}, 422),
        ({"kind": "classifier", "name": "another"}, 422),
    ],
)
def test_what_is_nsfw_is_completed_by_the_configured_classifier_alone(
    adult: UserClient,
    drawing_worker: ScriptedWorker,
    checked_by: dict[str, Any] | None,
    status: int,
) -> None:
    job = adult.create_job("a hill", **NSFW)
    claim_id, claim = drawing_worker.claimed(job)
    more = {"outputCheck": checked_by} if checked_by else {}
    results = {"assets": drawing_worker.upload(claim)}
    body = drawing_worker.callback_body(job, claim_id, "completed", results=results, **more)
    answer = drawing_worker.send("job-callback", body)
    assert answer.status_code == status, answer.text
    assert answer.is_success or answer.json()["code"] == "unchecked"
    assert adult.status(job) == ("completed" if answer.is_success else "processing")
