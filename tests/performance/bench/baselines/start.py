"""The bare start: the functions framework with an empty handler."""

import functions_framework.aio
from starlette.requests import Request
from starlette.responses import Response


@functions_framework.aio.http
async def main(request: Request) -> Response:
    """Respond at once."""
    del request
    return Response("{}", media_type="application/json")
