"""User data at sign-up: no value makes the account unusable."""

import json

import httpx
import pytest

from infra.local.auth.users import MAX_DATA_BYTES
from tests.integration.auth.auth_client import PASSWORD, Visitor
from tests.security.other_user import other_user
from tests.security.tally import Corpora, Tally
from tests.support.local_system import LocalSystem

_REFUSED = {400, 413, 422}

_VALUES = [
    *("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e309", "[1, [2, NaN]]", '{"a": 1e999}'),
    *('"\\u0000"', '{"\\u0000": 1}', '["a\\u0000b"]', '"\x00"', '"\x01"'),
    *('"\\ud800"', '"\\udc00\\ud800"', '{"\\ud800": 1}', '"\\ud83d"'),
    *("9" * 5000, "9" * 4000, "-" + "9" * 30, str(2**63), "1" + "0" * 400),
    *("[" * 300 + "]" * 300, '{"a":' * 5000 + "1" + "}" * 5000, "[" * 50_000),
    *('"' + "x" * MAX_DATA_BYTES + '"', '"' + "\u00e9" * 3000 + '"', "[" + "1," * 9000 + "1]"),
    *("01", "+1", ".5", "1.", "0x10", "nan", "'a'", "[1,]", "{a: 1}", "1 2", "\ufeff1", ""),
]
"""JSON texts that cannot be stored, signed and parsed again, and invalid JSON."""

_GOOD = [
    *('"Ann"', '"\\ud83d\\ude00"', '"\u00e9\\n"', "1e308", "-0.0", "5e-324", str(2**63 - 1)),
    *("[" * 100 + "]" * 100, '{"a": {"b": [1, 2.5, null, true]}}', '"' + "x" * 8000 + '"'),
]


def _send(
    safety_user: Visitor, method: str, path: str, body: str, token: str = ""
) -> httpx.Response:
    content = body.encode("utf-8", "surrogatepass")
    return safety_user.ask(method, path, token, content=content)


def _check_usable(safety_user: Visitor, tally: Tally, name: str) -> None:
    """Sign in, and use the token with the functions and the database."""
    response = safety_user.sign_in()
    tally.answered(f"sign-in after {name}", response, {200})
    if response.status_code != 200:
        return
    session = response.json()
    json.dumps(session, allow_nan=False)
    headers = {"authorization": f"Bearer {session['access_token']}"}
    tally.answered(f"user after {name}", safety_user.user(session), {200})
    base = safety_user.system.base
    for path in ("/rest/v1/profiles", "/rest/v1/jobs?select=id"):
        response = httpx.get(f"{base}{path}", headers=headers, trust_env=False, timeout=60)
        tally.answered(f"{path} after {name}", response, {200})


def _sign_up(safety_user: Visitor, value: str) -> str:
    return f'{{"email": "{safety_user.email}", "password": "{PASSWORD}", "data": {{"x": {value}}}}}'


@pytest.mark.parametrize("way", ["sign-up", "change"])
def test_no_data_makes_an_account_unusable(
    bare: LocalSystem, corpora: Corpora, tally: Tally, way: str
) -> None:
    values = [(value, _REFUSED) for value in _VALUES] + [(value, {200}) for value in _GOOD]
    with other_user(bare, tally):
        for value, statuses in corpora.some(values, short=6):
            safety_user, name = Visitor(bare), f"{value[:30]!r} of {len(value)} at {way}"
            if way == "sign-up":
                response = _send(safety_user, "POST", "signup", _sign_up(safety_user, value))
                tally.answered(name, response, statuses)
                if response.status_code != 200:
                    safety_user.sign_up()  # the address is still free
            else:
                token = safety_user.sign_up()["access_token"]
                body = f'{{"data": {{"x": {value}}}}}'
                tally.answered(name, _send(safety_user, "PUT", "user", body, token), statuses)
            _check_usable(safety_user, tally, name)


def test_data_does_not_grow_by_many_changes(bare: LocalSystem, tally: Tally) -> None:
    safety_user = Visitor(bare)
    token = safety_user.sign_up()["access_token"]
    for number in range(20):
        body = json.dumps({"data": {f"x{number}": "y" * 2000}})
        response = _send(safety_user, "PUT", "user", body, token)
        tally.answered(f"2,000 bytes, {number}", response, {200} if number < 4 else _REFUSED)
    _check_usable(safety_user, tally, "20 changes")


def test_no_text_of_another_field_breaks_the_server(
    bare: LocalSystem, corpora: Corpora, tally: Tally
) -> None:
    bodies = [
        ("signup", '{"email": "HERE@example.test", "password": "correct horse"}'),
        ("signup", f'{{"email": "{Visitor(bare).email}", "password": "HERE-long-enough"}}'),
        ("token?grant_type=password", '{"email": "HERE", "password": "correct horse"}'),
        ("token?grant_type=password", '{"email": "a@example.test", "password": "HERE"}'),
        ("token?grant_type=refresh_token", '{"refresh_token": "HERE"}'),
    ]
    texts = ["\\u0000", "\\ud800", "\x00", "\ud800", "\x01", "NaN\\n\\u0000", "x" * 60_000]
    cases = [(path, body.replace("HERE", text)) for path, body in bodies for text in texts]
    for path, body in corpora.some(cases, short=15):
        response = _send(Visitor(bare), "POST", path, body)
        tally.answered(f"{body[:60]!r} at {path}", response, _REFUSED)
