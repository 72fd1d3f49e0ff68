"""GET /job-events: credentials, the lifetime of streams, and tickets."""

import json
import socket
import time
from collections.abc import Callable

import httpx
import jwt
import pytest

from infra.local.config import tokens
from shared.telemetry.logs import user_hash
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.sse_client import SseClient

ADDRESS = "/functions/v1/job-events"


def _ticket(person: UserClient) -> str:
    answer = person.invoke("job-events", {})
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"success", "ticket", "expiresInSeconds"}
    assert (answer.json()["success"], answer.json()["expiresInSeconds"]) == (True, 60)
    return str(answer.json()["ticket"])


def _get(person: UserClient, *, token: str = "", **query: str) -> httpx.Response:
    """The response to a request for a stream that is refused."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    with web.stream("GET", f"{person.base}{ADDRESS}", params=query, headers=headers) as answer:
        assert answer.status_code != 200, "it would never end"
        answer.read()
        return answer


def test_no_stream_without_a_credential(person: UserClient) -> None:
    assert _get(person).status_code == 401
    assert web.post(f"{person.base}{ADDRESS}").status_code == 401
    assert _get(person, token=tokens.anon_token()).status_code == 401


def test_a_ticket_opens_one_stream_of_its_user(bare: LocalSystem, person: UserClient) -> None:
    ticket = _ticket(person)
    with SseClient(person, ticket=ticket) as stream:
        UserClient(bare).create_job()
        job_id = person.create_job()
        assert stream.wait(1)[0].record["id"] == job_id
        again = _get(person, ticket=ticket)
        assert (again.status_code, again.json()["code"]) == (401, "unauthenticated")


def test_a_ticket_is_good_for_no_more_than_listening(person: UserClient) -> None:
    ticket = _ticket(person)
    for refused in (
        web.post(f"{person.base}{ADDRESS}", params={"ticket": ticket}),
        web.get(f"{person.base}/rest/v1/jobs", params={"ticket": ticket}),
    ):
        assert refused.status_code == 401
    with SseClient(person, ticket=ticket) as stream:
        assert stream.answer.status_code == 200, "and it is not used up by them"


@pytest.mark.parametrize("ticket", ["", "x", "\0", "é" * 300])
def test_an_unknown_ticket_is_401(person: UserClient, ticket: str) -> None:
    assert _get(person, ticket=ticket).status_code == 401


def test_a_ticket_is_kept_as_a_hash_and_lasts_a_minute(
    bare: LocalSystem, person: UserClient
) -> None:
    ticket = _ticket(person)
    (kept,) = bare.rows(
        "select *, extract(epoch from expires_at - now())::float as seconds"
        " from event_tickets where user_id = %s",
        person.id,
    )
    assert 50 < kept["seconds"] <= 60
    assert ticket not in str(kept)
    assert kept["digest"] == bare.value("select sha256(%s)", ticket.encode())
    bare.rows(
        "update event_tickets set expires_at = now() where user_id = %s returning 1", person.id
    )
    assert _get(person, ticket=ticket).status_code == 401


def test_a_stream_ends_with_its_token(person: UserClient) -> None:
    person.token = tokens.user_token(person.id, expires_in=2)
    expires_at = jwt.decode(person.token, options={"verify_signature": False})["exp"]
    with SseClient(person) as stream:
        stream.wait_for_end()
        assert time.time() > expires_at - 0.1, "no sooner than its token expires"
        assert not stream.was_cut, "it ended by itself"


def test_a_stream_by_ticket_ends_with_the_token_of_its_ticket(person: UserClient) -> None:
    token = tokens.user_token(person.id, expires_in=2)
    headers = {"authorization": f"Bearer {token}"}
    ticket = web.post(f"{person.base}{ADDRESS}", headers=headers).json()["ticket"]
    with SseClient(person, ticket=ticket) as stream:
        stream.wait_for_end()
        assert not stream.was_cut


def test_a_client_that_goes_away_is_let_go(bare: LocalSystem, person: UserClient) -> None:
    log = bare.data / "logs" / "gateway.log"

    def ended() -> int:
        lines = [json.loads(line) for line in log.read_text().splitlines() if line[:1] == "{"]
        ended = [line for line in lines if line["message"] == "the stream ended"]
        return len([one for one in ended if one["user"] == user_hash(person.id)])

    with SseClient(person), SseClient(person) as second:
        assert ended() == 0
        with SseClient(person):
            pass
        wait_until(lambda: ended() == 1, what="the third to be let go")
        person.create_job()
        second.wait(1)
    wait_until(lambda: ended() == 3, what="all to be let go")


def test_a_client_that_does_not_read_delays_no_other(bare: LocalSystem, person: UserClient) -> None:
    items = "insert into workspace_items (user_id, item_type, prompt) values (%s, 'image', %s)"
    deaf = socket.create_connection(("127.0.0.1", bare.port))
    with deaf, SseClient(person) as stream:
        bearer = f"Authorization: Bearer {person.token}"
        deaf.sendall(f"GET {ADDRESS} HTTP/1.1\r\nHost: x\r\n{bearer}\r\n\r\n".encode())
        assert deaf.recv(1)
        with bare.database() as connection, connection.transaction():
            for _ in range(400):
                connection.execute(items, [person.id, "x" * 50_000])
        stream.wait(400)
        person.create_job()
        stream.wait(401)


def test_unused_tickets_are_deleted(
    bare: LocalSystem, person: UserClient, sweep: Callable[[], dict[str, int]]
) -> None:
    _ticket(person)
    mine = "select count(*) from event_tickets where user_id = %s"
    sweep()
    assert bare.value(mine, person.id) == 1
    bare.rows(
        "update event_tickets set expires_at = now() where user_id = %s returning 1", person.id
    )
    sweep()
    assert bare.value(mine, person.id) == 0
