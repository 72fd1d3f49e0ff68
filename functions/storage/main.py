"""/storage/v1: sign an object's address, and go to it, as Supabase Storage's clients do.

Bytes do not pass through here: the answer is a redirect to the bucket's own signed URL.
"""

from psycopg.errors import InsufficientPrivilege
from pydantic import TypeAdapter

from functions.storage import links
from shared.auth import Anon, User, anyone
from shared.errors import MethodNotAllowedError, NotFoundError, UnauthenticatedError
from shared.http import Call, Content, Redirect, endpoint, read_json
from shared.queries import assets
from shared.services import Services

_SIGN = TypeAdapter(links.SignRequest)


async def storage(call: Call, caller: User | Anon, services: Services) -> Content | Redirect:
    """``POST /object/sign/...`` signs; ``GET`` of that, or of ``/object/...``, fetches."""
    place, kind = links.parse(call.path)
    if call.method == "POST":
        if kind != "sign":
            raise MethodNotAllowedError
        wanted = await read_json(call, _SIGN)
        await _check_visible(place, caller, services)
        signed = links.sign(place, wanted.expires_in, services)
        return Content(links.SignAnswer(signed_url=signed).model_dump_json(by_alias=True).encode())
    if kind == "sign":
        seconds = links.check(place, call.query.get("token", ""), services)
    else:
        await _check_visible(place, caller, services)
        seconds = links.MOST_REDIRECT_SECONDS
    bucket = links.bucket_name(place.bucket, services)
    url = await services.storage.sign(
        bucket, place.path, "HEAD" if call.method == "HEAD" else "GET", seconds=seconds
    )
    return Redirect(url)


async def _check_visible(place: links.Place, caller: User | Anon, services: Services) -> None:
    """Whoever may read the object's row may have the object; row-level security decides."""
    if isinstance(caller, Anon) and not caller.has_key:
        raise UnauthenticatedError("A token is needed, the user's or the project's anon key.")
    try:
        async with services.database.transaction(caller.role, caller.claims) as connection:
            visible = await assets.is_visible(connection, place.bucket, place.path)
    except InsufficientPrivilege:  # anon may not read the workspace's table at all
        visible = False
    if not visible:
        raise NotFoundError("There is no such object of yours.")


main = endpoint(storage, caller=anyone, methods=("GET", "HEAD", "POST"))
