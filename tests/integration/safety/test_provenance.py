"""Provenance through save_to_library: signature, source and, optionally, the settings."""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image

from gpu_workers.runtime.media import images, video
from gpu_workers.runtime.provenance import signing
from tests.support import certificates, provenance_reader
from tests.support.certificates import Chain
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker, crc32c
from tests.support.workspace import act, files, library, make, put, remove

SETTINGS: dict[str, Any] = {
    "prompt": "a secret garden",
    "negative_prompt": "",
    "steps": 3,
    "sampler": "Euler",
    "guidance_scale": 6.0,
    "seed": 918273,
    "width": 64,
    "height": 48,
    "model": "base",
}
MADE_BY_A_MODEL = b"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


@pytest.fixture(scope="module")
def chain() -> Chain:
    return certificates.chain()


@pytest.fixture(scope="module")
def picture(chain: Chain, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An image made by a worker that has a signing key."""
    with provenance_reader.signing(chain, tmp_path_factory.mktemp("signer")):
        return images.png(Image.effect_noise((64, 48), 80).convert("RGB"), SETTINGS)


@pytest.fixture
def asset_id(person: UserClient, hand_worker: ScriptedWorker, picture: bytes) -> str:
    """The id of the image as an asset in the user's workspace."""
    job_id = person.create_job()
    hand_worker.finish(job_id, picture)
    return str(person.asset(job_id)["id"])


def save(person: UserClient, asset_id: str, **more: object) -> bytes:
    """Save the asset and return the library's file."""
    answer = act(person, "save_to_library", assetId=asset_id, **more)
    assert answer.status_code == 200, answer.text
    (kept,) = library(person)
    content = person.fetch(kept["storage_path"], "user-library")
    assert (kept["file_size_bytes"], kept["crc32c"]) == (len(content), crc32c(content))
    return content


def assert_made_by_a_model(content: bytes, mime_type: str, chain: Chain) -> None:
    manifest = provenance_reader.manifest(content, mime_type, chain)
    assert (manifest.state, manifest.failures) == ("Trusted", [])
    assert [action["digitalSourceType"].encode() for action in manifest.actions] == [
        MADE_BY_A_MODEL
    ]
    if mime_type == "image/png":
        packet = provenance_reader.picture(content).info["xmp"]
        assert provenance_reader.source_type(packet) == MADE_BY_A_MODEL.decode()


def test_saving_keeps_signature_source_and_settings(
    person: UserClient, asset_id: str, picture: bytes, chain: Chain
) -> None:
    content = save(person, asset_id)
    assert content == picture
    assert_made_by_a_model(content, "image/png", chain)
    assert "a secret garden" in provenance_reader.picture(content).info["parameters"]


def test_a_saver_may_leave_the_settings_out_and_never_the_source(
    person: UserClient, asset_id: str, picture: bytes, chain: Chain
) -> None:
    content = save(person, asset_id, stripSettings=True)
    assert not [word for word in (b"secret", b"918273", b"Euler") if word in content]
    assert (
        provenance_reader.picture(content).tobytes() == provenance_reader.picture(picture).tobytes()
    )
    assert_made_by_a_model(content, "image/png", chain)
    (asset,) = person.rows("workspace_assets")
    assert person.fetch(asset["temp_storage_path"]) == picture


def test_a_stripped_asset_is_cleared_and_copied_back_as_any_other(
    bare: LocalSystem, person: UserClient, asset_id: str
) -> None:
    content = save(person, asset_id, stripSettings=True)
    assert act(person, "clear_asset", assetId=asset_id).status_code == 200
    (kept,) = library(person)
    act(person, "copy_to_workspace", libraryAssetId=kept["id"])
    (copy,) = person.rows("workspace_assets")
    assert person.fetch(copy["temp_storage_path"]) == content
    assert files(bare, person) == {"workspace-temp": 2, "user-library": 2}


def test_stripping_again_is_success_and_stripping_late_changes_nothing(
    person: UserClient, asset_id: str, picture: bytes
) -> None:
    assert save(person, asset_id) == picture
    assert save(person, asset_id, stripSettings=True) == picture


def test_a_save_that_was_cut_off_is_taken_up_by_the_next(
    bare: LocalSystem, person: UserClient, asset_id: str, picture: bytes
) -> None:
    content = save(person, asset_id, stripSettings=True)
    (kept,) = library(person)
    act(person, "delete_library_asset", libraryAssetId=kept["id"])
    for left, expected in ((content, 200), (picture, 409)):
        target = str(uuid4())
        bare.rows(
            "insert into unfinished_copies (source_id, user_id, target_id)"
            " values (%s, %s, %s) returning source_id",
            asset_id,
            person.id,
            target,
        )
        put(bare, "user-library", f"{person.id}/{target}.png", left)
        answer = act(person, "save_to_library", assetId=asset_id, stripSettings=True)
        assert answer.status_code == expected, answer.text
        for row in library(person):
            assert row["id"] == target
            act(person, "delete_library_asset", libraryAssetId=target)
    assert save(person, asset_id, stripSettings=True) == content


def test_what_is_no_picture_is_not_said_to_be_stripped(
    person: UserClient, hand_worker: ScriptedWorker
) -> None:
    (broken,) = make(person, hand_worker)
    answer = act(person, "save_to_library", assetId=broken, stripSettings=True)
    assert (answer.status_code, answer.json()["code"]) == (409, "unreadable")
    assert library(person) == []
    assert act(person, "save_to_library", assetId=broken).status_code == 200


def test_an_asset_that_lost_its_file_is_404(
    bare: LocalSystem, person: UserClient, asset_id: str
) -> None:
    (asset,) = person.rows("workspace_assets")
    remove(bare, "workspace-temp", asset["temp_storage_path"])
    answer = act(person, "save_to_library", assetId=asset_id, stripSettings=True)
    assert answer.status_code == 404


@pytest.fixture
def film(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker
) -> Iterator[Callable[[bytes], str]]:
    """A function that uploads a clip as a job's result and returns the asset's id."""

    def hand_in(clip: bytes) -> str:
        job_id = person.create_job(job_type="wan_video_fast")
        claim_id, claim = hand_worker.claimed(job_id)
        (asset,) = hand_worker.upload(claim, clip)
        reported = asset | {
            "assetType": "video",
            "mimeType": "video/mp4",
            "durationSeconds": 5 / 16,
        }
        assert hand_worker.complete(job_id, claim_id, [reported]).status_code == 200
        return str(person.asset(job_id)["id"])

    assert hand_worker.register("wan", slots=1000).status_code == 200
    yield hand_in
    bare.rows("update workers set is_active = false where id = 'demo-wan' returning id")


def test_a_clip_of_many_megabytes_is_stripped_as_well(
    person: UserClient, film: Callable[[bytes], str], chain: Chain, tmp_path: Path
) -> None:
    clip = video.mp4(np.zeros((5, 48, 64, 3), np.uint8), fps=16, settings=SETTINGS)
    clip += struct.pack(">I4s", 9 * 2**20, b"uuid").ljust(9 * 2**20, b"\1")
    with provenance_reader.signing(chain, tmp_path):
        clip = signing.signed(clip, "video/mp4")
    content = save(person, film(clip), stripSettings=True)
    assert len(content) == len(clip)
    assert b"secret" in clip
    assert b"secret" not in content
    assert MADE_BY_A_MODEL in content
    assert_made_by_a_model(content, "video/mp4", chain)
