"""Another user's ids on every endpoint: two users, every action, each of the other's ids."""

from typing import Any, get_args
from uuid import uuid4

import httpx
import pytest
from pydantic import BaseModel

from shared.contracts.workspace import WorkspaceAction
from tests.security import concurrency, cross_user_requests
from tests.security.tally import Corpora, Tally
from tests.security.user_fixture import Belongings, is_id
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker

MEMBERS = get_args(get_args(WorkspaceAction)[0])
_GOOD, _NO_WORKER = 300, 503


@pytest.fixture
def two(bare: LocalSystem, hand_worker: ScriptedWorker) -> tuple[Belongings, Belongings]:
    """Two users, each with rows and objects of each kind."""
    return Belongings(bare, hand_worker), Belongings(bare, hand_worker)


def _ids(member: type[BaseModel]) -> dict[str, bool]:
    """Return the ids that an action takes, by their name in JSON, and whether each is required."""
    return {
        str(field.alias): field.is_required()
        for field in member.model_fields.values()
        if is_id(field.annotation, get_args(field.annotation))
    }


def _body(member: type[BaseModel], ids: dict[str, str]) -> dict[str, Any]:
    (action,) = get_args(member.model_fields["action"].annotation)
    others = {"name": "x"} if "name" in member.model_fields else {}
    return {"action": action, **others, **ids}


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.__name__)
def test_no_action_reaches_rows_of_another_user(
    two: tuple[Belongings, Belongings], corpora: Corpora, tally: Tally, member: type[BaseModel]
) -> None:
    """An id of another user returns 404, as an id that does not exist."""
    owner, caller = two
    before = owner.all()
    for name in _ids(member):
        mine = {one: caller.ids[one] for one, needed in _ids(member).items() if needed}
        missing = caller.person.invoke(
            "workspace-actions", _body(member, {**mine, name: str(uuid4())})
        )
        theirs_all = [(name, owner.ids[name]), *corpora.some([*owner.more.items()], short=1)]
        for other, theirs in theirs_all:
            body = _body(member, {**mine, name: theirs})
            answer = caller.person.invoke("workspace-actions", body)
            tally.answered(f"{body['action']} of {other}", answer, {404})
            assert answer.json()["error"] == missing.json()["error"]
    if not _ids(member):
        answer = caller.person.invoke("workspace-actions", _body(member, {}))
        tally.answered(f"{member.__name__}", answer, {200})
    changes = owner.changes_since(before)
    tally.refused(f"the owner's things have changed: {changes}", is_refused=not changes)


def test_a_deletion_is_delivered_to_its_owner_only(
    bare: LocalSystem, hand_worker: ScriptedWorker, tally: Tally
) -> None:
    owner, caller = Belongings(bare, hand_worker), UserClient(bare)
    bodies: list[dict[str, object]] = [
        {"action": "discard_asset", "assetId": owner.ids["assetId"]},
        {"action": "delete_library_asset", "libraryAssetId": owner.ids["libraryAssetId"]},
    ]
    for body in bodies:
        assert owner.person.invoke("workspace-actions", body).status_code == 200
        tally.answered(f"{body}", caller.invoke("workspace-actions", body), {404})
        assert owner.person.invoke("workspace-actions", body).status_code == 200


@pytest.mark.parametrize("kind", ["rest", "procedures", "storage", "functions"])
def test_no_endpoint_reads_or_changes_rows_of_another_user(
    two: tuple[Belongings, Belongings], corpora: Corpora, tally: Tally, kind: str
) -> None:
    owner, caller = two
    requests = {
        "rest": list(cross_user_requests.of_rest(owner)),
        "procedures": list(cross_user_requests.of_procedures(owner, caller)),
        "storage": list(cross_user_requests.of_storage(owner, caller)),
        "functions": list(cross_user_requests.of_functions(owner)),
    }[kind]
    before = owner.all()

    def ask(client: httpx.Client, one: cross_user_requests.Request) -> None:
        method, path, body = one
        headers = {"authorization": f"Bearer {caller.person.token}"}
        if kind != "functions":
            headers["prefer"] = "return=representation"
        answer = concurrency.ask(
            client, method, f"{owner.system.base}{path}", json=body, headers=headers
        )
        text = f"{method} {path} {body}"
        if answer.status_code == _NO_WORKER and path.endswith("playground-chat"):
            tally.refused("no chat worker is up", is_refused=True)
        elif answer.status_code < _GOOD:
            # A success that shows nothing of the owner's, or concerns the caller's own rows.
            is_safe = not owner.is_shown_in(answer.text) and _redirects_nowhere(answer)
            tally.refused(f"{text}: {answer.text[:200]}", is_refused=is_safe)
        else:
            tally.answered(text, answer, {400, 401, 402, 403, 404, 405, 409, 422, 429})

    concurrency.each(corpora.some(requests, short=80), ask)
    changes = owner.changes_since(before)
    tally.refused(f"the owner's things have changed: {changes}", is_refused=not changes)


def _redirects_nowhere(answer: httpx.Response) -> bool:
    return "location" not in answer.headers and "signedURL" not in answer.text.replace(
        '"signedURL":null', ""
    )


def test_the_owner_sees_all_of_it(two: tuple[Belongings, Belongings]) -> None:
    """Without this, the other test's refusals would prove nothing."""
    owner, _ = two
    for table in ("jobs", "workspace_assets", "user_collections", "conversations", "messages"):
        assert owner.is_shown_in(owner.person.get(f"/rest/v1/{table}").text), table
    for place in owner.paths:
        bucket, _, path = place.partition("/")
        assert owner.person.sign(path, bucket).status_code == 200
