"""Object paths of a job's uploads."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.storage import paths, user_uploads

USER = UUID("0d000000-0000-4000-8000-000000000001")
IDS = st.uuids()


@pytest.mark.parametrize("name", ["cat.png", "uploads/cat.png", "a b/c(1).webp", "libraries/x"])
def test_a_name_of_ones_own_choice(name: str) -> None:
    assert user_uploads.is_upload_path(f"{USER}/{name}", USER)
    assert user_uploads.upload_owner(f"{USER}/{name}") == USER
    assert not user_uploads.is_upload_path(f"{USER}/{name}", uuid4())


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "{}", "{}/", "{}//a", "/{}/a", "{}/../a", "{}/.", "{}/a/", "{}/a\n", "{}/a\0"),
        *("{}/%2e%2e/a", "{}/a\\b", "{}/é", "{}/a\u202eb", "{}/library/a", "{}/LIBRARY/a", "x/a"),
    ],
)
def test_what_is_no_place_for_one(path: str) -> None:
    assert not user_uploads.is_upload_path(path.format(USER), USER)


@given(user=IDS, job=IDS, claim=IDS)
def test_no_place_of_the_systems_own(user: UUID, job: UUID, claim: UUID) -> None:
    own = [
        paths.asset(user, job, claim, 0, "image/png"),
        paths.asset_thumbnail(user, job, claim, 0),
        paths.manifest(user, job, claim),
        paths.preview(user, job, claim),
        paths.reference(user, job, "start"),
        paths.workspace_copy(user, job, "video/mp4"),
        paths.workspace_copy_thumbnail(user, job),
    ]
    for path in own:
        assert user_uploads.is_valid_key(path)
        assert user_uploads.upload_owner(path) is None
        assert not user_uploads.is_upload_path(path, user)


@pytest.mark.parametrize("spelling", ["{}", "{{{}}}", "urn:uuid:{}", "({})", " {} "])
def test_no_folder_that_looks_like_a_jobs(spelling: str) -> None:
    for job in (str(uuid4()), uuid4().hex, str(uuid4()).upper()):
        assert not user_uploads.is_upload_path(f"{USER}/{spelling.format(job)}/a.png", USER)
