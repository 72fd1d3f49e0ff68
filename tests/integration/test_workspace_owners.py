"""workspace-actions: two users times every action. What is somebody else's is 404, like nothing."""

from typing import Any, get_args
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from shared.contracts.workspace import WorkspaceAction
from tests.hand_worker import HandWorker
from tests.system import Person, System
from tests.workspace import act, make

MEMBERS = get_args(get_args(WorkspaceAction)[0])


class _Belongings:
    """A user with one of everything that an action can name, and all that is theirs."""

    def __init__(self, system: System, hand_worker: HandWorker) -> None:
        self.system = system
        self.person = Person(system)
        asset_id, saved = make(self.person, hand_worker, num_images=2)
        (job_id,) = {row["job_id"] for row in self.person.rows("workspace_assets")}
        made = act(self.person, "create_collection", name="Mine").json()
        kept = act(
            self.person, "save_to_library", assetId=saved, collectionId=made["collectionId"]
        ).json()
        self.ids = {
            "assetId": asset_id,
            "jobId": job_id,
            "libraryAssetId": kept["libraryAssetId"],
            "collectionId": made["collectionId"],
        }

    def all(self) -> list[object]:
        """Every row and object."""
        tables = ("workspace_assets", "user_library", "user_collections", "unfinished_copies")
        rows = [
            self.system.rows(f"select * from {table} where user_id = %s", self.person.id)
            for table in tables
        ]
        return [*rows, sorted(one for one in self.system.objects() if self.person.id in one)]


def _ids(member: type[BaseModel]) -> dict[str, bool]:
    """The ids that an action names, by their name on the wire, and whether it needs them."""
    return {
        str(field.alias): field.is_required()
        for field in member.model_fields.values()
        if field.annotation is UUID or UUID in get_args(field.annotation)
    }


def _body(member: type[BaseModel], ids: dict[str, str]) -> dict[str, Any]:
    (action,) = get_args(member.model_fields["action"].annotation)
    others = {"name": "x"} if "name" in member.model_fields else {}
    return {"action": action, **others, **ids}


@pytest.fixture(scope="module")
def two(bare: System, hand_worker: HandWorker) -> tuple[_Belongings, _Belongings]:
    """Two users, one of everything each."""
    return _Belongings(bare, hand_worker), _Belongings(bare, hand_worker)


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.__name__)
def test_no_action_reaches_what_is_somebody_elses(
    two: tuple[_Belongings, _Belongings], member: type[BaseModel]
) -> None:
    owner, stranger = two
    before = owner.all()
    for name in _ids(member):
        mine = {one: stranger.ids[one] for one, needed in _ids(member).items() if needed}
        theirs, nobodys = (
            stranger.person.call("workspace-actions", _body(member, {**mine, name: one}))
            for one in (owner.ids[name], str(uuid4()))
        )
        assert theirs.status_code == nobodys.status_code == 404, name
        assert theirs.json()["error"] == nobodys.json()["error"]
    if not _ids(member):
        assert stranger.person.call("workspace-actions", _body(member, {})).status_code == 200
    assert owner.all() == before


def test_what_is_gone_is_told_to_its_owner_alone(bare: System, hand_worker: HandWorker) -> None:
    owner, stranger = _Belongings(bare, hand_worker), Person(bare)
    bodies: list[dict[str, object]] = [
        {"action": "discard_asset", "assetId": owner.ids["assetId"]},
        {"action": "delete_library_asset", "libraryAssetId": owner.ids["libraryAssetId"]},
    ]
    for body in bodies:
        assert owner.person.call("workspace-actions", body).status_code == 200
        assert stranger.call("workspace-actions", body).status_code == 404
        assert owner.person.call("workspace-actions", body).status_code == 200
