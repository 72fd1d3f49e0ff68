"""A swap between check and copy: the object that was checked is saved, whatever replaced it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.security.tally import Corpora, Tally
from tests.support.http import web
from tests.support.images import RED
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import PICTURE, THUMBNAIL, ScriptedWorker
from tests.support.workspace import act, files, library, put, storage_pausing, until_held

_OTHER = PICTURE[:-1] + b"!"
"""Of the same size, so that only its content differs."""


@pytest.fixture
def made(person: UserClient, hand_worker: ScriptedWorker) -> tuple[str, str]:
    """A checked asset: its id and its path."""
    return _make(person, hand_worker)


def _make(person: UserClient, hand_worker: ScriptedWorker) -> tuple[str, str]:
    job_id = person.create_job()
    hand_worker.finish(job_id)
    row = person.asset(job_id)
    return str(row["id"]), str(row["temp_storage_path"])


def _kept(person: UserClient) -> list[bytes]:
    return [person.fetch(row["storage_path"], "user-library") for row in library(person)]


@pytest.mark.parametrize("part", ["file", "thumbnail"])
@pytest.mark.parametrize(
    "content", [_OTHER, RED, b"<script>alert(1)</script>"], ids=["equal", "larger", "page"]
)
def test_what_was_swapped_before_the_save_is_not_kept(
    bare: LocalSystem,
    person: UserClient,
    made: tuple[str, str],
    tally: Tally,
    part: str,
    content: bytes,
) -> None:
    asset_id, path = made
    target = path if part == "file" else path.replace(".png", ".thumb.webp")
    put(bare, "workspace-temp", target, content)
    for action in ("save_to_library", "clear_asset"):
        answer = act(person, action, assetId=asset_id)
        tally.answered(f"{part} swapped, {action}", answer, {404, 409})
    tally.refused("it is kept", is_refused=_kept(person) == [])
    assert [row["id"] for row in person.rows("workspace_assets")] == [asset_id]


def test_what_is_swapped_while_it_is_saved_is_not_kept(
    bare: LocalSystem, hand_worker: ScriptedWorker, corpora: Corpora, tally: Tally
) -> None:
    """Swapped repeatedly while the save runs: either the checked object is saved, or nothing."""
    for _ in range(corpora.size(30, short=3)):
        person = UserClient(bare)
        asset_id, path = _make(person, hand_worker)
        stop = threading.Event()

        def swap(path: str = path, stop: threading.Event = stop) -> None:
            while not stop.is_set():
                put(bare, "workspace-temp", path, _OTHER)
                time.sleep(0.005)

        with ThreadPoolExecutor() as pool:
            swapping = pool.submit(swap)
            answers = [act(person, "save_to_library", assetId=asset_id) for _ in range(3)]
            stop.set()
        swapping.result()
        for answer in answers:
            tally.answered("swapped meanwhile", answer, {200, 404, 409})
        tally.refused("another file is kept", is_refused=set(_kept(person)) <= {PICTURE})


def test_what_is_swapped_while_the_copy_waits_is_not_kept(
    bare: LocalSystem, person: UserClient, made: tuple[str, str], tally: Tally
) -> None:
    """The save has locked the asset and is copying: the copy names the source's generation."""
    asset_id, path = made
    query = "select generation from workspace_assets where id = %s"
    checked = bare.value(query, asset_id)
    with ThreadPoolExecutor() as pool:
        with storage_pausing(bare):
            save = pool.submit(act, person, "save_to_library", assetId=asset_id)
            until_held(bare, asset_id)
            swap = pool.submit(put, bare, "workspace-temp", path, _OTHER)
        answer = save.result()
        swap.result()
    tally.answered("swapped while it waits", answer, {200, 404, 409})
    tally.refused("another file is kept", is_refused=set(_kept(person)) <= {PICTURE})
    assert bare.value(query, asset_id) == checked


def test_what_lies_at_the_target_already_is_not_taken_for_the_copy(
    bare: LocalSystem, person: UserClient, made: tuple[str, str], tally: Tally
) -> None:
    asset_id, _ = made
    begun = "insert into unfinished_copies (source_id, user_id, target_id) values (%s, %s, %s)"
    target = "0d000000-0000-4000-8000-00000000dead"
    bare.rows(f"{begun} returning source_id", asset_id, person.id, target)
    put(bare, "user-library", f"{person.id}/{target}.png", _OTHER)
    answer = act(person, "save_to_library", assetId=asset_id)
    tally.answered("something lies there", answer, {409})
    assert act(person, "save_to_library", assetId=asset_id).status_code == 200
    tally.refused("another file is kept", is_refused=_kept(person) == [PICTURE])


def test_a_worker_swaps_nothing_after_its_files_were_checked(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, tally: Tally
) -> None:
    """Its upload URLs write once; after the completed callback they write no more."""
    job_id = person.create_job()
    claim_id, claim = hand_worker.claimed(job_id)
    assets = hand_worker.upload(claim)
    place = claim["uploads"][0]

    def swap(when: str) -> None:
        for url, headers in (
            (place["putUrl"], place["headers"]),
            (place["thumbnailPutUrl"], place["thumbnailHeaders"]),
        ):
            tally.answered(when, web.put(url, content=_OTHER, headers=headers), {412})
            loose = {
                name: value for name, value in headers.items() if "generation" not in name.lower()
            }
            tally.answered(f"{when}, loosely", web.put(url, content=_OTHER, headers=loose), {400})

    swap("before the callback")
    assert hand_worker.complete(job_id, claim_id, assets).status_code == 200
    swap("after the callback")
    path = person.asset(job_id)["temp_storage_path"]
    tally.refused("it was swapped", is_refused=person.fetch(path) == PICTURE)
    thumbnail = person.fetch(path.replace(".png", ".thumb.webp"))
    tally.refused("its thumbnail was swapped", is_refused=thumbnail == THUMBNAIL)
    assert files(bare, person)["workspace-temp"] >= 2
