"""Texts and JSON values that are too large, or contain unreadable characters."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from tests.security.other_user import other_user
from tests.security.tally import Corpora, Tally
from tests.security.text_fields import field_names, make_profile, requests_with, send
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker

_REFUSED = {400, 404, 413, 414, 422, 431}

_LARGE = {
    "a megabyte": "x" * 1_000_000,
    "under a megabyte": "x" * 250_000,
    "four bytes each": "🦊" * 200_000,
    "words": "red star " * 20_000,
    "lines": "a\n" * 100_000,
    "one more than any limit": "x" * 70_000,
}

_NAMES = {
    "empty": "",
    "spaces": "   ",
    "right-to-left override": "admin\u202egnp.exe",
    "left-to-right override": "\u202dadmin",
    "isolate": "a\u2066b\u2069",
    "zero width": "ad\u200bmin",
    "joiner": "ad\u200dmin",
    "soft hyphen": "ad\u00admin",
    "byte order mark": "\ufeffadmin",
    "tag characters": "admin\U000e0061\U000e0062",
    "line": "admin\nroot",
    "paragraph": "admin\u2029root",
    "escape": "admin\x1b[2J",
    "delete": "admin\x7f",
    "c1": "admin\x9b2J",
    "nul": "admin\x00",
    "filler": "\u3164",
    "blank braille": "\u2800\u2800",
    "leading space": "\u00a0admin",
    "trailing space": "admin\u3000",
    "variation selector 17": "admin\U000e0100",
    "shorthand": "admin\U0001bca0",
    "arabic letter mark": "admin\u061c",
    "mongolian vowel separator": "admin\u180e",
}


def test_no_large_text_is_taken(
    bare: LocalSystem, person: UserClient, corpora: Corpora, tally: Tally
) -> None:
    make_profile(bare, person)
    admin = UserClient(bare, is_admin=True)
    bare.rows("insert into user_roles (user_id, role) values (%s, 'admin') returning id", admin.id)
    with other_user(bare, tally):
        for name in corpora.some(sorted(_LARGE), short=1):
            for method, path, body in requests_with(person, _LARGE[name]):
                sender = admin if "admin" in path else person
                answer = send(sender, method, path, body)
                tally.answered(f"{name}: {path} {list(field_names(body))}", answer, _REFUSED)
    assert person.rows("jobs") == []


def test_no_username_hides_what_it_is(bare: LocalSystem, person: UserClient, tally: Tally) -> None:
    make_profile(bare, person)
    with other_user(bare, tally):
        for what, name in _NAMES.items():
            path = f"/rest/v1/profiles?id=eq.{person.id}"
            answer = send(person, "PATCH", path, {"username": name})
            tally.answered(f"username: {what}", answer, {400})
    assert person.rows("profiles")[0]["username"] is None


def _too_many(person: UserClient) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield lists and objects with too many elements, each of them small."""
    asset = {"action": "save_to_library", "assetId": str(uuid4())}
    yield "workspace-actions", {**asset, "tags": ["x"] * 51}
    yield "workspace-actions", {**asset, "tags": ["x"] * 100_000}
    job = {"jobType": "sdxl_image_fast"}
    others: list[Any] = [
        {f"k{number}": number for number in range(5000)},
        [1] * 50_000,
        [1e308] * 3000,
        {"a": [[[]] * 10_000]},
        ["x"] * 10_000,
    ]
    for other in others:
        yield "queue-job", {**job, "metadata": {"prompt": "a boat", "other": other}}
    judged = {"original_prompt": "a boat", "enhanced_prompt": "a boat at sea"}
    yield "validate-enhancement-fix", {**judged, "test_cases": ["safe"] * 51}
    yield "playground-chat", {"message": "x", "conversation_id": person.id * 1000}


def test_no_long_list_is_taken(bare: LocalSystem, person: UserClient, tally: Tally) -> None:
    with other_user(bare, tally):
        for function, body in _too_many(person):
            answer = person.invoke(function, body)
            tally.answered(f"{function} {list(body)}", answer, _REFUSED)
    assert person.rows("jobs") == []


def _large_results(asset: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a worker's report of one asset, with one value that is too large."""
    large: list[dict[str, Any]] = [
        {"prompt": "x" * 900_000},
        {"prompt": "x" * 70_000},
        {f"key {number}": number for number in range(20_000)},
        {"numbers": [1e308] * 1000},
        {"x" * 70_000: 1},
        {"nested": [[[]]] * 20_000},
    ]
    for settings in large:
        yield {**asset, "generationSettings": settings}
    for name in ("tempStoragePath", "thumbnailPath", "mimeType", "crc32c", "assetType"):
        yield {**asset, name: "x" * 2000}


def test_no_worker_reports_large_values(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, tally: Tally
) -> None:
    job_id = person.create_job()
    claim_id, claim = hand_worker.claimed(job_id)
    (asset,) = hand_worker.upload(claim)
    failure = {"code": "broken"}
    failures: list[dict[str, Any]] = [
        {"errorMessage": "x" * 2001, "failure": failure},
        {"errorMessage": "x" * 900_000, "failure": failure},
        {"errorMessage": "x", "failure": {"code": "x" * 65}},
        {"errorMessage": "x", "failure": {**failure, "categories": ["x"] * 9}},
        {"errorMessage": "x", "failure": {**failure, "categories": ["x" * 65]}},
        {"errorMessage": "x", "failure": failure, "metadata": {"x": "y" * 900_000}},
    ]
    with other_user(bare, tally):
        for reported in _large_results(asset):
            answer = hand_worker.complete(job_id, claim_id, [reported])
            tally.answered(f"asset {[*reported][-1]}", answer, {409, *_REFUSED})
        for more in failures:
            body = hand_worker.callback_body(job_id, claim_id, "failed", **more)
            answer = hand_worker.send("job-callback", body)
            tally.answered(f"failed {list(more)}", answer, _REFUSED)
        registrations: list[dict[str, Any]] = [
            {"models": ["x" * 201]},
            {"models": ["x"] * 21},
            {"worker_url": "http://127.0.0.1/" + "x" * 500},
            {"worker_id": f"demo-{'x' * 100}"},
        ]
        for more in registrations:
            answer = hand_worker.register(**more)
            tally.answered(f"registration {list(more)}", answer, {401, 403, *_REFUSED})
    assert person.status(job_id) == "processing"
