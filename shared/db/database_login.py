"""Postgres login: the connection string, with an IAM token for Cloud SQL."""

import asyncio

from psycopg import OperationalError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from shared.settings import Settings

_SCOPE = "https://www.googleapis.com/auth/sqlservice.login"


async def conninfo(settings: Settings) -> str:
    """Return the connection string. In the cloud, an IAM token replaces a missing password.

    A token is valid for an hour and requested for each new connection. An open connection outlives
    its token.

    Raises:
        OperationalError: No token could be obtained.
    """
    url = settings.database_url.get_secret_value()
    if settings.k_service is None or conninfo_to_dict(url).get("password"):
        return url
    return make_conninfo(url, password=await asyncio.to_thread(_token))


def _token() -> str:
    # Imported only in the cloud, since they would slow down every other start.
    import google.auth  # noqa: PLC0415
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
    from google.auth.transport.requests import Request  # noqa: PLC0415

    try:
        credentials, _ = google.auth.default(scopes=[_SCOPE])
        credentials.refresh(Request())
    except GoogleAuthError as error:
        raise OperationalError(f"no token to log in with: {type(error).__name__}") from None
    return str(credentials.token)
