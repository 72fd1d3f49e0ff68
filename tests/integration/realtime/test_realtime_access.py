"""/realtime/v1: which tokens open a socket, and how a channel ends when its token expires."""

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from infra.local.config import tokens
from shared.telemetry.logs import user_hash
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.realtime_changes import LIBRARY, SESSIONS, client, make_change, names
from tests.support.realtime_client import Client


async def _refused(url: str) -> tuple[int, str]:
    """The response to the handshake: status and body."""
    with pytest.raises(InvalidStatus) as caught:
        await connect(url, proxy=None)
    response = caught.value.response
    return response.status_code, response.body.decode()


async def test_a_socket_needs_an_apikey_that_holds(person: UserClient) -> None:
    address = client(person).url.partition("?")[0]
    expired = tokens.anon_token(expires_in=-60)
    for query in ("", "?apikey=", "?apikey=x", f"?apikey={expired}", "?apikey=%00%ff"):
        status, body = await _refused(address + query)
        assert status == 401, query
        assert '"success": false' in body
    good = f"?apikey={tokens.anon_token()}"
    assert (await _refused(f"{address}{good}&vsn=3.0.0"))[0] == 422
    assert (await _refused(f"{address}s{good}"))[0] == 404
    assert (await _refused(f"ws://{address.split('/')[2]}/functions/v1/rest"))[0] == 404
    assert web.get(f"{person.base}/realtime/v1/websocket").status_code == 404


async def test_no_token_is_written_to_a_log(bare: LocalSystem, person: UserClient) -> None:
    apikey = tokens.anon_token(expires_in=4321)
    async with client(person, apikey=apikey) as one:
        await one.join("a", SESSIONS, token=person.token)
        await one.join("b", SESSIONS, token="not a token")
    await _refused(client(person, apikey=f"{apikey}x").url)
    log = bare.data / "logs" / "gateway.log"
    text = "a socket was refused"
    user = user_hash(person.id)
    wait_until(lambda: text in log.read_text().partition(user)[2], what="the last line")
    for secret in (apikey, person.token, "not a token", person.id):
        assert secret not in log.read_text()


@pytest.mark.parametrize("bad", ["", "x", "a.b.c", "expired", "forged"])
async def test_a_join_with_a_token_that_does_not_hold_is_refused(
    person: UserClient, bad: str
) -> None:
    expired = tokens.user_token(person.id, expires_in=-1)
    token = {"expired": expired, "forged": person.token[:-8] + "AAAAAAAA"}.get(bad, bad)
    async with client(person) as one:
        answer = await one.join("a", SESSIONS, token=token)
        assert answer["status"] == "error"
        assert answer["response"]["reason"].startswith(("InvalidJWTToken: ", "MalformedJWT: "))


async def test_a_channel_ends_with_its_token(bare: LocalSystem, person: UserClient) -> None:
    brief = tokens.user_token(person.id, expires_in=2)
    async with client(person) as one:
        await one.join("a", SESSIONS, token=brief)
        await one.join("b", SESSIONS, token=person.token)
        await one.wait_for(lambda frame: frame["event"] == "system" and _is_error(frame["payload"]))
        await one.wait_for(lambda frame: frame["event"] == "phx_close" and frame["ref"] == "1")
        make_change(bare, person, "later")
        assert names(await one.wait("b", 1)) == ["later"]
        assert one.changes("a") == []


def _is_error(payload: dict[str, str]) -> bool:
    expected = {"extension": "system", "status": "error", "channel": "a"}
    return payload == {**expected, "message": "Token has expired"}


async def test_a_channel_goes_on_under_a_fresh_token(bare: LocalSystem, person: UserClient) -> None:
    brief = tokens.user_token(person.id, expires_in=2)
    async with client(person) as one:
        await one.join("a", SESSIONS, token=brief)
        await one.join("b", SESSIONS, token=brief)
        await _refresh(one, "a", person.token)
        await one.wait_for(lambda frame: frame["event"] == "phx_close")
        make_change(bare, person, "later")
        assert names(await one.wait("a", 1)) == ["later"]
        assert [frame["topic"] for frame in one.all if frame["event"] == "phx_close"] == [
            "realtime:b"
        ]


@pytest.mark.parametrize("bad", ["x", "expired", "forged"])
async def test_a_bad_token_ends_the_channel(person: UserClient, bad: str) -> None:
    expired = tokens.user_token(person.id, expires_in=-1)
    token = {"expired": expired, "forged": person.token[:-8] + "AAAAAAAA"}.get(bad, bad)
    async with client(person) as one:
        await one.join("a", {"event": "*", "table": "jobs"}, token=person.token)
        await one.send("realtime:a", "access_token", {"access_token": token}, "1")
        await one.wait_for(
            lambda frame: frame["event"] == "system" and frame["payload"]["status"] == "error"
        )
        await one.wait_for(lambda frame: frame["event"] == "phx_close")
        assert (await one.request("realtime:a", "nonsense", {}, "1"))["status"] == "error"


async def test_a_channel_belongs_to_the_user_of_its_token(
    bare: LocalSystem, person: UserClient
) -> None:
    other = UserClient(bare)
    async with client(person) as one:
        await one.join("a", SESSIONS, LIBRARY, token=person.token)
        for token in (None, 7, "sb_publishable_x", person.token):
            await _refresh(one, "a", token)
        make_change(bare, person, "mine")
        await one.wait("a", 1)
        await _refresh(one, "a", other.token)
        make_change(bare, person, "no longer mine")
        make_change(bare, other, "the other's")
        await one.wait("a", 2)
        await _refresh(one, "a", tokens.anon_token())
        make_change(bare, other, "no user's")
        await _refresh(one, "a", person.token)
        make_change(bare, person, "mine again")
        assert names(await one.wait("a", 3)) == ["mine", "the other's", "mine again"]


async def _refresh(client: Client, topic: str, token: object) -> None:
    """Push a token and wait until the server has processed it."""
    await client.send(f"realtime:{topic}", "access_token", {"access_token": token}, "1")
    assert (await client.request("phoenix", "heartbeat", {}))["status"] == "ok"
