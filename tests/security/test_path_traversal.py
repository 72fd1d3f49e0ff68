"""Path traversal: no path reaches another user's folder, or a folder that the system writes."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from tests.integration.storage.uploads import own, send, stored
from tests.security import concurrency
from tests.security.tally import Corpora, Tally
from tests.support.images import RED
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import PICTURE, ScriptedWorker
from tests.support.workspace import act

_STEPS = [
    *("..", "../..", "./..", "..%2f", "%2e%2e", "%2e%2e%2f", "%252e%252e%252f", "..%5c", "..\\"),
    *("....//", "..;", "..%00", "%c0%ae%c0%ae", "\u2025", "\uff0e\uff0e", "..%ef%bc%8f", ".%2e"),
    *("%2e.", "..//", "/..", "//", "%2f..", "..%09", "..%0a", ". .", "..\u200b", "\u202e.."),
]
_REFUSED = {400, 401, 403, 404, 405, 415, 422}


class Belongings(NamedTuple):
    """Two objects of a user: a workspace asset and a library asset."""

    person: UserClient
    made: str
    kept: str


@pytest.fixture(scope="module")
def other(bare: LocalSystem, hand_worker: ScriptedWorker) -> Belongings:
    """Another user, with files."""
    person = UserClient(bare)
    job_id = person.create_job()
    hand_worker.finish(job_id)
    asset = person.asset(job_id)
    assert act(person, "save_to_library", assetId=asset["id"]).status_code == 200
    row = person.rows("user_library", user_id=f"eq.{person.id}")[0]
    return Belongings(person, asset["temp_storage_path"], row["storage_path"])


def _paths(me: str, other: Belongings, chance: Random, count: int) -> Iterator[str]:
    """Yield paths below /object/sign/ and similar, as they are written in the URL."""
    theirs, job = other.person.id, other.made.split("/")[1]
    names = (f"{theirs}/{job}/x.png", other.made, other.kept, "etc/passwd", f"{theirs}/x.png")
    fixed = [
        *(f"workspace-temp/{other.made}", f"user-library/{other.kept}", "workspace-temp/"),
        *(f"workspace-temp/{me}", f"workspace-temp//{other.made}", f"/{other.made}", "/"),
        *(f"{bucket}/{other.made}" for bucket in ("Workspace-Temp", "secrets", "..", "%2e%2e")),
        f"workspace-temp/{other.made.upper()}",
        f"workspace-temp/{other.made}%00.png",
        f"workspace-temp/{other.made}/",
        f"workspace-temp/{theirs.replace('-', '')}/x.png",
        f"workspace-temp/{{{theirs}}}/x.png",
        f"workspace-temp/{quote(other.made.replace('-', chr(0x2010)))}",
        f"user-library/{other.made}",
    ]
    yield from fixed
    for _ in range(count - len(fixed)):
        step, name = chance.choice(_STEPS), chance.choice(names)
        bucket = chance.choice(["workspace-temp", "user-library"])
        inner = chance.choice([me, f"{me}/uploads", f"{me}/{uuid4()}", theirs, f"{me}x"])
        times = chance.randint(1, 4)
        raw = f"{bucket}/{inner}/{'/'.join([step] * times)}/{name}"
        yield raw if chance.random() < 0.5 else quote(raw, safe="/%")


def _requests(path: str) -> list[tuple[str, str, dict[str, object]]]:
    """Return a request to each storage endpoint with this path."""
    sign: dict[str, object] = {"json": {"expiresIn": 60}}
    upload: dict[str, object] = {"content": RED, "headers": {"x-upsert": "true"}}
    bucket, _, rest = path.partition("/")
    return [
        ("POST", f"sign/{path}", sign),
        ("GET", f"{path}", {}),
        ("GET", f"authenticated/{path}", {}),
        ("HEAD", f"{path}", {}),
        ("GET", f"info/{path}", {}),
        ("GET", f"public/{path}", {}),
        ("GET", f"sign/{path}?token=x.y.z", {}),
        ("POST", f"upload/sign/{path}", upload),
        ("POST", path, upload),
        ("PUT", path, upload),
        ("POST", f"sign/{bucket}", {"json": {"expiresIn": 60, "paths": [rest]}}),
        ("DELETE", bucket, {"json": {"prefixes": [rest]}}),
        ("POST", f"list/{bucket}", {"json": {"prefix": rest}}),
    ]


def _as_it_stands(url: str) -> dict[str, bytes]:
    """Return options that send the URL's path unchanged; the client would resolve ``..`` itself."""
    path = f"/{url.split('/', 3)[3]}"
    is_plain = path.isascii() and path.isprintable() and " " not in path
    return {"target": path.encode()} if is_plain else {}


def _reveals_nothing(answer: httpx.Response) -> bool:
    """Return whether a response about several paths is 200 and has an error for each."""
    if answer.status_code != 200:
        return False
    payload = answer.json()
    return payload == [] or (isinstance(payload, list) and all(one.get("error") for one in payload))


def test_no_path_leads_to_another_users_files(
    bare: LocalSystem, person: UserClient, other: Belongings, corpora: Corpora, tally: Tally
) -> None:
    chance = corpora.chance("paths")
    before = stored(bare, other.person)
    paths = list(_paths(person.id, other, chance, corpora.size(1200, short=120)))
    attempts = [(path, chance.choice(_requests(path))) for path in paths]
    for path in (f"workspace-temp/{other.person.id}/new.png", f"workspace-temp/{other.made}"):
        attempts += [(path, request) for request in _requests(path)]

    def ask(client: httpx.Client, one: tuple[str, tuple[str, str, dict[str, object]]]) -> None:
        method, address, options = one[1]
        headers = {"authorization": f"Bearer {person.token}", **options.pop("headers", {})}  # type: ignore[dict-item]
        url = f"{bare.base}/storage/v1/object/{address}"
        sent = _as_it_stands(url)
        answer = client.request(method, url, headers=headers, extensions=sent, **options)  # type: ignore[arg-type]
        if _reveals_nothing(answer):
            tally.refused(address, is_refused=True)
        else:
            tally.answered(f"{method} {address}", answer, _REFUSED)

    concurrency.each(attempts, ask)
    tally.refused("files have changed", is_refused=stored(bare, other.person) == before)
    tally.refused("a file was made", is_refused=stored(bare, person) == set())
    assert other.person.fetch(other.made) == PICTURE


def test_no_reference_reads_another_users_file(
    person: UserClient, other: Belongings, corpora: Corpora, tally: Tally
) -> None:
    chance = corpora.chance("references")
    for path in _paths(person.id, other, chance, corpora.size(200, short=40)):
        body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a boat"}}
        answer = person.invoke("queue-job", {**body, "referenceImageUrl": path})
        tally.answered(f"reference {path}", answer, {404, 422})


def test_no_upload_lands_where_the_system_writes(
    bare: LocalSystem,
    person: UserClient,
    hand_worker: ScriptedWorker,
    corpora: Corpora,
    tally: Tally,
) -> None:
    """An upload into a job's folder could replace an object that was already checked."""
    job_id = person.create_job()
    hand_worker.finish(job_id)
    path = person.asset(job_id)["temp_storage_path"]
    before = stored(bare, person)
    folders = [
        *(job_id, job_id.upper(), job_id.replace("-", ""), f"{{{job_id}}}", f"urn:uuid:{job_id}"),
        *("library", "LIBRARY", "library ", " library", str(uuid4()), f"{job_id} ", f"./{job_id}"),
        *(f"x/../{job_id}", f"x/%2e%2e/{job_id}", f"{job_id}//", f"{job_id[:8]}{job_id[9:]}"),
    ]
    names = [path.split("/")[-1], "reference-start.png", "x.png", f"{uuid4()}-manifest.json"]
    places = [f"{folder}/{name}" for folder in folders for name in names]
    for place in corpora.some(places, short=30):
        for method in ("POST", "PUT"):
            answer = send(person, own(person, place), RED, method, **{"x-upsert": "true"})
            tally.answered(f"{method} {place}", answer, {400, 403, 404})
    tally.refused("a file was made", is_refused=stored(bare, person) == before)
    assert person.fetch(path) == PICTURE
