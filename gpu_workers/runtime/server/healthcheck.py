"""Check the health of the worker in this container, for Docker's HEALTHCHECK."""

import http.client
import sys
from http import HTTPStatus

from gpu_workers.runtime.settings import Settings, load_settings

_TIMEOUT_SECONDS = 3


class _Where(Settings):
    port: int = 8000


def main() -> int:
    """The exit code: 0 where it does."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", load_settings(_Where).port, timeout=_TIMEOUT_SECONDS
    )
    try:
        connection.request("GET", "/healthz")
        return int(connection.getresponse().status != HTTPStatus.OK)
    except (OSError, http.client.HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
