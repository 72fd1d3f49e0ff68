"""Admin by user_metadata: metadata that a user can edit never grants the admin role."""

import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import jwt
import pytest

from infra.local.config import tokens
from shared.auth import authenticators
from shared.errors import ForbiddenError
from shared.services import Services
from tests.security.jwt_builder import good_claims
from tests.security.requests import call_with
from tests.security.tally import Corpora, Tally
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient

_ADMINS = ("system-metrics", "generate-admin-image")
_PLAIN: dict[str, Any] = {"user_metadata": {"role": "admin"}}
"""Metadata that every user can edit."""

_SPELT = ("role", "roles", "is_admin", "isAdmin", "admin", "user_role", "claims_admin", "Role")
_VALUES: list[object] = ["admin", ["admin"], True, 1, {"role": "admin"}, "ADMIN", "service_role"]


def _metadata() -> list[dict[str, Any]]:
    """Return claims that name the admin role in every place but the issuer's."""
    rows: list[dict[str, Any]] = []
    for name in _SPELT:
        for value in _VALUES:
            rows.append({"user_metadata": {name: value}})
            rows.append({"raw_user_meta_data": {name: value}})
            rows.append({"user_metadata": {"app_metadata": {name: value}}})
            if name != "role":
                rows.append({name: value})
            if (name, value) != ("role", "admin"):
                rows.append({"app_metadata": {name: value}})
    odd: list[object] = ["admin", ["admin"], None, True, 5, [{"role": "admin"}], ""]
    rows += [{"app_metadata": one, "user_metadata": {"role": "admin"}} for one in odd]
    return rows


def _token(more: dict[str, Any], user: str | None = None) -> str:
    own = {"sub": user} if user else {}
    return jwt.encode({**good_claims(), **more, **own}, tokens.secret(), algorithm="HS256")


def test_nothing_but_app_metadata_makes_an_admin(
    bare: LocalSystem, person: UserClient, corpora: Corpora, tally: Tally
) -> None:
    for more in [_PLAIN, *corpora.some(_metadata(), short=60)]:
        headers = {"authorization": f"Bearer {_token(more, person.id)}"}
        for function in _ADMINS:
            url = f"{bare.base}/functions/v1/{function}"
            answer = web.post(url, headers=headers, json={"prompt": "x", "model_type": "sdxl"})
            tally.answered(f"{more} at {function}", answer, {403})
    assert person.rows("jobs") == []


def test_no_metadata_shows_another_users_rows(
    bare: LocalSystem, person: UserClient, corpora: Corpora, tally: Tally
) -> None:
    person.create_job()
    other_id = str(uuid4())
    for more in [_PLAIN, *corpora.some(_metadata(), short=40)]:
        headers = {"authorization": f"Bearer {_token(more, other_id)}"}
        answer = web.get(f"{bare.base}/rest/v1/jobs", headers=headers)
        shown = answer.status_code == 200 and answer.json() != []
        tally.refused(f"{more}: {answer.text[:100]}", is_refused=not shown)


def test_the_local_systems_own_admin_is_one(bare: LocalSystem) -> None:
    """Without this, the refusals of the other tokens would prove nothing."""
    token = tokens.user_token(str(uuid4()), is_admin=True)
    url = f"{bare.base}/functions/v1/system-metrics"
    assert web.post(url, headers={"authorization": f"Bearer {token}"}).status_code == 200


def test_odd_metadata_of_a_users_own_breaks_nothing(bare: LocalSystem, tally: Tally) -> None:
    for odd in ("\ud800", "\x00", "'; drop table jobs; --", "x" * 2000, "\u202e", {"a": [None]}):
        more = {"user_metadata": {"name": odd}, "exp": int(time.time()) + 60}
        headers = {"authorization": f"Bearer {_token(more)}"}
        answer = web.get(f"{bare.base}/rest/v1/jobs", headers=headers)
        tally.answered(f"{odd!r}"[:50], answer, {200, 400, 401})


@pytest.fixture
async def cloud(bare: LocalSystem) -> AsyncIterator[Services]:
    """The functions' services with the cloud's settings."""
    services = Services(bare.settings(local_system=False))
    yield services
    await services.close()


async def _is_admin(token: str, services: Services) -> bool:
    try:
        await authenticators.require_admin(call_with(token), services)
    except ForbiddenError:
        return False
    return True


async def test_an_admin_needs_the_token_and_the_role(
    bare: LocalSystem, cloud: Services, tally: Tally
) -> None:
    user = str(uuid4())
    token = tokens.user_token(user, is_admin=True)
    tally.refused("the token alone", is_refused=not await _is_admin(token, cloud))
    bare.rows("insert into user_roles (user_id, role) values (%s, 'admin') returning id", user)
    assert await _is_admin(token, cloud)
    others = tokens.user_token(user)
    tally.refused("the role alone", is_refused=not await _is_admin(others, cloud))
    bare.rows("delete from user_roles where user_id = %s returning id", user)
    tally.refused("after a demotion", is_refused=not await _is_admin(token, cloud))


def test_no_user_makes_a_role(bare: LocalSystem, person: UserClient, tally: Tally) -> None:
    headers = {"authorization": f"Bearer {person.token}"}
    url = f"{bare.base}/rest/v1/user_roles"
    for body in ({"user_id": person.id, "role": "admin"}, [{"user_id": person.id, "role": "x"}]):
        tally.answered("a role", web.post(url, headers=headers, json=body), {401, 403, 404})
    assert bare.value("select count(*) from user_roles where user_id = %s", person.id) == 0


def test_the_cloud_refuses_the_local_systems_setting(bare: LocalSystem) -> None:
    with pytest.raises(ValueError, match="LOCAL_SYSTEM is not for the cloud"):
        bare.settings(k_service="queue-job")
