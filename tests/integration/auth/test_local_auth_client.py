"""Supabase's Python client against the local system: sign-in and files."""

import io
from collections.abc import Iterator
from uuid import uuid4

import pytest
from PIL import Image
from storage3.exceptions import StorageApiError
from supabase import Client, create_client
from supabase_auth.errors import AuthApiError, AuthWeakPasswordError

from infra.local.config import tokens
from tests.integration.storage.uploads import BLUE, RED
from tests.support.http import web
from tests.support.local_system import LocalSystem

pytestmark = pytest.mark.filterwarnings("ignore:The '(timeout|verify)' parameter is deprecated")

PASSWORD = "correct horse"
RED_PIXEL, BLUE_PIXEL = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def client(bare: LocalSystem) -> Iterator[Client]:
    """A client without a signed-in user."""
    client = create_client(bare.base, tokens.anon_token())
    yield client
    client.auth.close()


def _signed_in(client: Client) -> str:
    """Sign up and return the user's id."""
    email = f"{uuid4()}@example.test"
    answer = client.auth.sign_up({"email": email, "password": PASSWORD})
    assert answer.user
    return answer.user.id


def _pixel(content: bytes) -> object:
    with Image.open(io.BytesIO(content)) as picture:
        return picture.convert("RGB").getpixel((4, 4))


def test_a_journey_through_sign_in(client: Client) -> None:
    email = f"{uuid4()}@example.test"
    with pytest.raises(AuthWeakPasswordError):
        client.auth.sign_up({"email": email, "password": "x"})
    client.auth.sign_up({"email": email, "password": PASSWORD, "options": {"data": {"a": 1}}})
    with pytest.raises(AuthApiError) as taken:
        client.auth.sign_up({"email": email, "password": PASSWORD})
    assert taken.value.code == "user_already_exists"
    client.auth.sign_out()
    assert client.auth.get_session() is None

    with pytest.raises(AuthApiError) as wrong:
        client.auth.sign_in_with_password({"email": email, "password": "wrong horse"})
    assert wrong.value.code == "invalid_credentials"
    client.auth.sign_in_with_password({"email": email, "password": PASSWORD})
    session = client.auth.get_session()
    assert session
    assert session.user.email == email
    refreshed = client.auth.refresh_session().session
    assert refreshed
    assert refreshed.refresh_token != session.refresh_token
    changed = client.auth.update_user({"data": {"b": 2}})
    assert (changed.user.user_metadata["a"], changed.user.user_metadata["b"]) == (1, 2)
    user = client.auth.get_user()
    assert user
    assert user.user.id == session.user.id
    assert client.table("jobs").select("*").execute().data == []


def test_a_journey_through_files(client: Client) -> None:
    me = _signed_in(client)
    bucket, path = client.storage.from_("workspace-temp"), f"{me}/uploads/cat.png"
    assert bucket.upload(path, RED).full_path == f"workspace-temp/{path}"
    with pytest.raises(StorageApiError) as taken:
        bucket.upload(path, BLUE)
    assert (taken.value.code, taken.value.status) == ("Duplicate", "409")
    bucket.upload(path, BLUE, {"upsert": "true"})
    assert _pixel(bucket.download(path)) == BLUE_PIXEL
    bucket.update(path, RED)

    assert (bucket.exists(path), bucket.exists(f"{me}/no.png")) == (True, False)
    assert bucket.info(path)["content_type"] == "image/png"
    assert [one["name"] for one in bucket.list(me)] == ["uploads"]
    assert [one["name"] for one in bucket.list(f"{me}/uploads")] == ["cat.png"]

    signed = bucket.create_signed_url(path, 60, {"download": "my cat.png"})["signedURL"]
    answer = web.get(str(signed), follow_redirects=True)
    assert _pixel(answer.content) == RED_PIXEL
    assert "my%20cat.png" in answer.headers["content-disposition"]
    first, second = bucket.create_signed_urls([path, f"{me}/no.png"], 60)
    assert _pixel(web.get(str(first["signedURL"]), follow_redirects=True).content) == RED_PIXEL
    assert (second["signedURL"], second["path"]) == (None, f"{me}/no.png")
    assert second["error"]

    other = f"{me}/uploads/dog.png"
    signed_upload = bucket.create_signed_upload_url(other)
    assert bucket.upload_to_signed_url(other, signed_upload["token"], BLUE).path == other
    assert [one["name"] for one in bucket.remove([path, other])] == [path, other]
    assert bucket.list(f"{me}/uploads") == []


def test_refusals_reach_the_client(client: Client) -> None:
    me = _signed_in(client)
    bucket = client.storage.from_("workspace-temp")
    for path, code, status in (
        (f"{uuid4()}/cat.png", "Unauthorized", "403"),
        (f"{me}/{uuid4()}/cat.png", "Unauthorized", "403"),
        (f"{me}/café.png", "InvalidKey", "400"),
    ):
        with pytest.raises(StorageApiError) as refused:
            bucket.upload(path, RED)
        assert (refused.value.code, refused.value.status) == (code, status)
    with pytest.raises(StorageApiError) as lie:
        bucket.upload(f"{me}/cat.png", b"<svg/>", {"content-type": "image/png"})
    assert (lie.value.code, lie.value.status) == ("invalid_mime_type", "415")
    with pytest.raises(StorageApiError) as gone:
        bucket.download(f"{me}/cat.png")
    assert (gone.value.code, gone.value.status) == ("not_found", "404")
    with pytest.raises(StorageApiError) as moved:
        bucket.move(f"{me}/a.png", f"{me}/b.png")
    assert "Moving and copying" in moved.value.message
    with pytest.raises(StorageApiError) as nowhere:
        client.storage.from_("avatars").list()
    assert nowhere.value.code == "Bucket not found"
