"""No value that a caller sends is in any log, even where Postgres raises an error."""

import logging
from uuid import uuid4

import psycopg
import pytest

from shared.telemetry.logs import JsonLines
from tests.integration.auth.auth_client import PASSWORD, Visitor
from tests.security.other_user import other_user
from tests.security.tally import Corpora, Tally
from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient

_FILTERS = [
    *("id=eq.{}", "id=in.({},{})", "user_id=neq.{}", "created_at=gt.{}", "credits=lt.{}"),
    *("original_prompt=match.({}", "original_prompt=fts.{}%26", "metadata->a=eq.{}", "{}=eq.1"),
    *("select={}", "select=id,{}(id)", "order={}.desc", "id=cs.{}", "status=eq.{}", "limit={}"),
    *("or=(id.eq.{},id.is.null)", "metadata=eq.{}", "original_prompt=eq.{}", "id=is.{}"),
]
_BODIES = [
    *('{{"name": "{}", "id": "x{}"}}', '{{"name": 5, "user_id": "{}"}}', '{{"{}": 1}}'),
    *('{{"name": "{}", "is_active": "{}"}}', '{{"name": "{}\\u0000"}}', '[{{"name": "{}"}}, 5]'),
    *('{{"name": "{}", "created_at": "{}"}}', '{{"name": "', '"{}"'),
]
_FUNCTIONS = ("queue-job", "workspace-actions", "enhance-prompt", "job-callback")


def _send_all(system: LocalSystem, person: UserClient, mark: str, tally: Tally) -> None:
    """Send the mark in every place that takes a value."""
    for template in _FILTERS:
        path = f"/rest/v1/jobs?{template.replace('{}', mark)}"
        tally.answered(template, person.get(path), range(500))
    for template in _BODIES:
        body = template.replace("{{", "{").replace("}}", "}").replace("{}", mark)
        for method, path in (("POST", "workspace_sessions"), ("PATCH", "profiles?id=not.is.null")):
            headers = {
                "authorization": f"Bearer {person.token}",
                "content-type": "application/json",
            }
            url = f"{system.base}/rest/v1/{path}"
            response = web.request(method, url, content=body, headers=headers)
            tally.answered(f"{method} {template}", response, range(500))
    for name in _FUNCTIONS:
        metadata = {"prompt": mark, "seed": mark, "reference_strength": mark}
        named = {"jobType": mark, "action": mark, "message": mark, "job_id": mark, mark: mark}
        response = person.invoke(name, {**named, "metadata": metadata}, traceparent=mark)
        tally.answered(name, response, range(500))
    for path in (f"object/{mark}/x", f"object/workspace-temp/{mark}", f"object/sign/{mark}"):
        tally.answered(path, person.get(f"/storage/v1/{path}", token=mark), range(500))
    safety_user = Visitor(system)
    account = {"email": mark, "password": f"{PASSWORD} {mark}", "data": {mark: mark}}
    for path in ("signup", "token?grant_type=password", f"token?grant_type={mark}"):
        tally.answered(path, safety_user.post(path, account), range(500))


def test_no_value_is_in_a_log(
    bare: LocalSystem, person: UserClient, corpora: Corpora, tally: Tally
) -> None:
    marks = [f"mark{uuid4().hex}" for _ in range(corpora.size(10, short=1))]
    with other_user(bare, tally):
        for mark in marks:
            _send_all(bare, person, mark, tally)
    logs = {path.name: path.read_text(errors="replace") for path in (bare.data / "logs").iterdir()}
    assert "postgres.log" in logs
    for name, text in logs.items():
        for mark in marks:
            tally.refused(f"a value in {name}", is_refused=mark not in text)


def test_an_unexpected_error_of_the_database_is_logged_without_its_text(
    bare: LocalSystem, tally: Tally
) -> None:
    mark = f"mark{uuid4().hex}"
    for query in (f"select '{mark}'::uuid", f"select {mark}", f"raise {mark}"):
        with bare.database() as connection, pytest.raises(psycopg.Error) as raised:
            connection.execute(query.encode())
        error = raised.value
        record = logging.makeLogRecord({"msg": "x", "exc_info": (type(error), error, None)})
        line = JsonLines().format(record)
        assert type(error).__name__ in line
        tally.refused(query, is_refused=mark in str(error) and mark not in line)


def test_events_of_the_server_are_logged(bare: LocalSystem) -> None:
    log = bare.data / "logs" / "postgres.log"
    assert "database system is ready to accept connections" in log.read_text()
