"""nsfw: to whom it is open, with which references, and by whom it must be checked."""

import io
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from PIL import Image

from tests.support.admin_cli import said
from tests.support.db_roles import acting
from tests.support.fake_chat_server import ChatServer, say
from tests.support.images import RED
from tests.support.local_system import Person, System
from tests.support.references import ask
from tests.support.safety_drill import decisions, refused
from tests.support.scripted_worker import CHECKED_BY, HandWorker

pytest_plugins = ["tests.support.safety_fixtures"]

NSFW: dict[str, Any] = {"contentType": "nsfw"}


@pytest.fixture
def adult(gated: System) -> Person:
    """A user whose age was confirmed."""
    person = Person(gated)
    _confirm(gated, person)
    return person


def _confirm(system: System, person: Person) -> None:
    with system.database() as connection:
        statement = "insert into profiles (id, age_confirmed_at) values (%s, now())"
        connection.execute(statement, [person.id])


def test_nsfw_needs_a_confirmed_age(gated: System, visitor: Person) -> None:
    told = refused(visitor.ask("a hill", **NSFW), "nsfw")
    assert "confirmed age" in told["error"]
    assert [row["categories"] for row in decisions(gated, visitor)] == [["nsfw"]]
    said(gated, "confirm-age", "--user", visitor.id)
    assert visitor.ask("a hill", **NSFW).status_code == 202
    said(gated, "confirm-age", "--user", visitor.id, "--withdraw")
    refused(visitor.ask("a hill", **NSFW), "nsfw")


def test_nsfw_needs_a_classifier_that_is_configured(bare: System, person: Person) -> None:
    _confirm(bare, person)
    told = refused(person.ask("a hill", **NSFW), "nsfw")
    assert "classifier" in told["error"]


def test_the_date_of_a_confirmation_stays_and_the_credits_are_given_once(
    gated: System, visitor: Person
) -> None:
    for _ in range(2):
        said(gated, "confirm-age", "--user", visitor.id)
    (profile,) = visitor.rows("profiles")
    assert profile["age_confirmed_at"]
    assert visitor.ledger() == ["grant"]


@pytest.mark.parametrize("day", ["now()", "'2001-01-01'"])
def test_a_user_does_not_confirm_their_own_age(gated: System, visitor: Person, day: str) -> None:
    assert visitor.queue()
    with acting(gated, "authenticated", visitor.id) as own:
        insert = f"insert into profiles (id, age_confirmed_at) values ($1, {day})"
        change = "on conflict (id) do update set age_confirmed_at = excluded.age_confirmed_at"
        update = f"update profiles set age_confirmed_at = {day} where id = $1"
        for statement in (update, insert, f"{insert} {change}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                own.execute(statement.encode(), [visitor.id])
    body = {"age_confirmed_at": "2001-01-01"}
    headers = {"authorization": f"Bearer {visitor.token}"}
    url = f"{gated.base}/rest/v1/profiles?id=eq.{visitor.id}"
    assert httpx.patch(url, json=body, headers=headers, verify=False).is_client_error  # noqa: S501 - loopback
    refused(visitor.ask("a hill", **NSFW), "nsfw")


def test_what_is_refused_in_every_mode_is_refused_in_this(gated: System, adult: Person) -> None:
    refused(adult.ask("a zorpel blimsen", **NSFW), "drill")
    assert [row["categories"] for row in decisions(gated, adult)] == [["drill"]]


def test_an_enhancement_is_by_a_template_of_its_mode(adult: Person, chat: ChatServer) -> None:
    chat.behave = say("a hill under a wide sky")
    answer = adult.ask("a hill", user_requested_enhancement=True, **NSFW)
    assert answer.status_code == 202
    assert "as it is" in answer.json()["message"], "there is no template for nsfw"
    assert chat.asked == []


def _made(person: Person, worker: HandWorker, **given: str) -> str:
    """The path of a picture that a job made."""
    answer = ask(person, None, **given) if given else person.ask("a red field")
    job: str = answer.json()["job"]["id"]
    worker.finish(job, RED)
    return str(person.asset(job)["temp_storage_path"])


def _uploaded(person: Person) -> str:
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
    gated: System, adult: Person, drawing_worker: HandWorker
) -> None:
    own = _made(adult, drawing_worker)
    assert ask(adult, NSFW, referenceImageUrl=own).status_code == 202
    signed = adult.sign(own).json()["signedURL"]
    assert ask(adult, NSFW, startReferenceImageUrl=signed).status_code == 202
    assert decisions(gated, adult) == []


def test_no_photograph_is_a_reference_in_nsfw(
    gated: System, adult: Person, drawing_worker: HandWorker
) -> None:
    photograph = _uploaded(adult)
    drawn_over = _made(adult, drawing_worker, referenceImageUrl=photograph)
    with gated.database() as connection:  # as the sweep does, once the references are gone
        connection.execute("update jobs set reference_roles = '{}' where user_id = %s", [adult.id])
    for given in (photograph, drawn_over, "https://pictures.example/photograph.png"):
        before = len(adult.rows("jobs"))
        told = refused(ask(adult, NSFW, referenceImageUrl=given), "nsfw_reference")
        assert told["details"][0]["field"] == "referenceImageUrl"
        assert len(adult.rows("jobs")) == before
    assert {row["place"] for row in decisions(gated, adult)} == {"reference"}


def test_a_copy_is_what_its_original_was(
    gated: System, adult: Person, drawing_worker: HandWorker
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
        known = "select count(*) from pictures_of_words where path = %s"
        assert gated.value(known, path) == 0


def _act(person: Person, **body: str) -> dict[str, Any]:
    answer = person.call("workspace-actions", body)
    assert answer.is_success, answer.text
    told: dict[str, Any] = answer.json()
    return told


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
    adult: Person,
    drawing_worker: HandWorker,
    checked_by: dict[str, Any] | None,
    status: int,
) -> None:
    job = adult.queue("a hill", **NSFW)
    claim_id, claim = drawing_worker.claimed(job)
    more = {"checkedBy": checked_by} if checked_by else {}
    results = {"assets": drawing_worker.upload(claim)}
    letter = drawing_worker.letter(job, claim_id, "completed", results=results, **more)
    answer = drawing_worker.send("job-callback", letter)
    assert answer.status_code == status, answer.text
    assert answer.is_success or answer.json()["code"] == "unchecked"
    assert adult.status(job) == ("completed" if answer.is_success else "processing")
