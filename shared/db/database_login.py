"""How a process logs in to Postgres: by its address alone, or as its account in the cloud."""

import asyncio

from psycopg import OperationalError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from shared.settings import Settings

_SCOPE = "https://www.googleapis.com/auth/sqlservice.login"


async def conninfo(settings: Settings) -> str:
    """The address; in the cloud, where it names no password, with a token of the account.

    A token lasts an hour and is asked for at each new connection: one that is open stays open.

    Raises:
        OperationalError: there is no token to be had.
    """
    url = settings.database_url.get_secret_value()
    if settings.k_service is None or conninfo_to_dict(url).get("password"):
        return url
    return make_conninfo(url, password=await asyncio.to_thread(_token))


def _token() -> str:
    # Only in the cloud, and then before the first query: elsewhere they would cost a start's time.
    import google.auth  # noqa: PLC0415
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
    from google.auth.transport.requests import Request  # noqa: PLC0415

    try:
        credentials, _ = google.auth.default(scopes=[_SCOPE])
        credentials.refresh(Request())
    except GoogleAuthError as error:
        raise OperationalError(f"no token to log in with: {type(error).__name__}") from None
    return str(credentials.token)
