"""Reference images: accepted paths and URLs, and the copy that is stored."""

import pytest
from PIL import Image

from tests.support.http import web
from tests.support.images import picture
from tests.support.local_system import LocalSystem, UserClient
from tests.support.references import FIELDS, accepted, ask, claimed, fetched, objects_of
from tests.support.scripted_worker import ScriptedWorker


def test_the_worker_gets_every_reference_by_a_signed_url(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, path: str
) -> None:
    metadata = {"reference_image": True, "reference_strength": 0.25, "reference_type": "style"}
    job_id = accepted(ask(person, metadata, **dict.fromkeys(FIELDS, path)))

    message = hand_worker.message(job_id)
    assert message.reference_roles == ["reference", "start", "end"]
    assert message.parameters.reference_strength == 0.25
    assert message.parameters.reference_type == "style"
    kept = [f"{person.id}/{job_id}/reference-{role}.png" for role in message.reference_roles]
    assert {f"workspace-temp/{one}" for one in kept} <= objects_of(bare, person)

    rows = claimed(hand_worker, job_id)
    assert [(one["role"], one["type"]) for one in rows] == [
        ("reference", "style"),
        ("start", "style"),
        ("end", "style"),
    ]
    for one, where in zip(rows, kept, strict=True):
        assert where in one["url"]
        assert fetched(one).getpixel((4, 4)) == (255, 0, 0)


def test_a_job_without_a_reference_has_none(
    person: UserClient, hand_worker: ScriptedWorker
) -> None:
    job_id = person.create_job()
    assert hand_worker.message(job_id).reference_roles == []
    assert claimed(hand_worker, job_id) == []


@pytest.mark.parametrize("spelling", ["{}", "workspace-temp/{}"])
def test_a_path_of_the_workspace_is_taken(
    person: UserClient, hand_worker: ScriptedWorker, path: str, spelling: str
) -> None:
    job_id = accepted(ask(person, startReferenceImageUrl=spelling.format(path)))
    (reference,) = claimed(hand_worker, job_id)
    assert (reference["role"], fetched(reference).size) == ("start", (24, 16))


def test_a_path_of_the_library_is_taken(
    person: UserClient, hand_worker: ScriptedWorker, path: str
) -> None:
    (asset,) = person.rows("workspace_assets", temp_storage_path=f"eq.{path}")
    save = {"action": "save_to_library", "assetId": asset["id"]}
    assert person.invoke("workspace-actions", save).status_code == 200
    saved = person.rows("user_library", user_id=f"eq.{person.id}")[0]["storage_path"]
    for spelling in (saved, f"user-library/{saved}"):
        job_id = accepted(ask(person, referenceImageUrl=spelling))
        (reference,) = claimed(hand_worker, job_id)
        assert fetched(reference).getpixel((4, 4)) == (255, 0, 0)


def test_our_signed_url_is_accepted_from_any_holder(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, path: str
) -> None:
    signed = person.sign(path).json()["signedURL"]
    user = UserClient(bare)
    for base in ("https://app.example.com/storage/v1", f"{bare.base}/storage/v1", ""):
        job_id = accepted(ask(user, referenceImageUrl=base + signed))
        (reference,) = claimed(hand_worker, job_id)
        assert f"{user.id}/{job_id}/reference-reference.png" in reference["url"]
        assert fetched(reference).getpixel((4, 4)) == (255, 0, 0)


def test_what_a_reference_carried_besides_its_pixels_is_left_behind(
    person: UserClient, hand_worker: ScriptedWorker
) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    first = person.create_job()
    hand_worker.finish(first, picture("blue", exif=exif))
    path = person.asset(first)["temp_storage_path"]
    (reference,) = claimed(hand_worker, accepted(ask(person, referenceImageUrl=path)))
    assert b"taken at home" not in web.get(reference["url"]).content
