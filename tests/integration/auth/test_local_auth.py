"""Sign-up and sign-in of the local system, with the responses of Supabase Auth."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jwt
import pytest
from starlette.testclient import TestClient

from infra.local.auth.app import make_app
from tests.integration.auth.auth_client import PASSWORD, Visitor, refused
from tests.support.http import web
from tests.support.local_system import LocalSystem


@pytest.fixture
def safety_user(bare: LocalSystem) -> Visitor:
    return Visitor(bare)


def test_who_signs_up_is_known_to_the_functions(bare: LocalSystem, safety_user: Visitor) -> None:
    session = safety_user.sign_up(name="Ann", role="admin", email="boss@example.test")
    assert {*session} == {
        *("access_token", "token_type", "expires_in", "expires_at", "refresh_token", "user")
    }
    user = session["user"]
    assert user["email"] == safety_user.email
    assert (user["user_metadata"]["name"], user["user_metadata"]["email"]) == (
        "Ann",
        safety_user.email,
    )
    claims = jwt.decode(session["access_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["role"]) == (user["id"], "authenticated")
    assert claims["app_metadata"] == {"provider": "email", "providers": ["email"]}
    assert claims["exp"] == session["expires_at"]
    assert claims["exp"] - claims["iat"] == session["expires_in"] == 3600

    headers = {"authorization": f"Bearer {session['access_token']}"}
    body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a red star"}}
    url = f"{bare.base}/functions/v1"
    queued = web.post(f"{url}/queue-job", json=body, headers=headers)
    assert (queued.status_code, queued.json()["job"]["user_id"]) == (202, user["id"])
    assert web.post(f"{url}/system-metrics", headers=headers).status_code == 403


def test_a_password_signs_in_and_no_other(safety_user: Visitor) -> None:
    safety_user.sign_up()
    session = safety_user.good(safety_user.sign_in())
    assert safety_user.good(safety_user.user(session))["email"] == safety_user.email
    wrong = safety_user.sign_in("wrong horse")
    refused(wrong, 400, "invalid_credentials")
    assert wrong.text == Visitor(safety_user.system).sign_in().text
    safety_user.email = safety_user.email.upper()
    assert safety_user.sign_in().status_code == 200
    again = safety_user.post("signup", {"email": safety_user.email, "password": PASSWORD})
    refused(again, 422, "user_already_exists")


def test_of_many_who_sign_up_at_once_with_one_address_one_does(safety_user: Visitor) -> None:
    body = {"email": safety_user.email, "password": PASSWORD}
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: safety_user.post("signup", body).status_code, range(5)))
    assert sorted(answers) == [200, 422, 422, 422, 422]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"email": "a@example.test", "password": "short"}, 422, "weak_password"),
        ({"email": "a@example.test", "password": "x" * 73}, 400, "validation_failed"),
        ({"email": "no address", "password": PASSWORD}, 400, "validation_failed"),
        ({"email": "a@example.test"}, 400, "validation_failed"),
        ({"password": PASSWORD}, 400, "validation_failed"),
        ({"email": "a@example.test", "password": PASSWORD, "data": []}, 400, "validation_failed"),
        ({"email": 7, "password": PASSWORD}, 400, "validation_failed"),
        ([], 400, "validation_failed"),
        ({"email": "a@example.test", "password": "x" * 70_000}, 413, "validation_failed"),
    ],
)
def test_a_bad_sign_up_is_refused(
    safety_user: Visitor, body: object, status: int, code: str
) -> None:
    refused(safety_user.post("signup", body), status, code)


@pytest.mark.parametrize("grant", ["", "?grant_type=pkce", "?grant_type=password"])
def test_a_grant_that_is_none_is_refused(safety_user: Visitor, grant: str) -> None:
    refused(safety_user.ask("POST", f"token{grant}", content=b"{"), 400, "validation_failed")


def test_users_outlive_the_process_that_took_them_in(tmp_path: Path) -> None:
    body = {"email": "ann@example.test", "password": PASSWORD}
    for address in ("/signup", "/token?grant_type=password"):
        answer = TestClient(make_app(tmp_path / "auth.sqlite3")).post(address, json=body)
        assert answer.status_code == 200, answer.text


def test_no_secret_is_kept(safety_user: Visitor) -> None:
    session = safety_user.sign_up()
    kept = (safety_user.system.data / "auth.sqlite3").read_bytes()
    assert safety_user.email.encode() in kept
    for secret in (PASSWORD, session["refresh_token"], session["access_token"]):
        assert secret.encode() not in kept


def test_a_page_of_any_origin_may_ask(safety_user: Visitor) -> None:
    headers = {
        "origin": "http://127.0.0.1:5173",
        "access-control-request-method": "POST",
        "access-control-request-headers": "apikey,authorization,content-type,x-client-info",
    }
    answer = web.options(f"{safety_user.system.base}/auth/v1/signup", headers=headers)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "x-client-info" in answer.headers["access-control-allow-headers"]


def test_published_tables_are_delivered_and_no_others(safety_user: Visitor) -> None:
    settings = safety_user.ask("GET", "settings").json()
    assert (settings["external"]["email"], settings["mailer_autoconfirm"]) == (True, True)
    assert safety_user.ask("GET", "health").json()["name"] == "GoTrue"
    assert safety_user.ask("GET", ".well-known/jwks.json").json() == {"keys": []}
    for path in ("otp", "recover", "admin/users", "authorize"):
        refused(safety_user.post(path, {}), 404, "not_found")
