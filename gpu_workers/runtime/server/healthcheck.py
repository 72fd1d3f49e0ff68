"""Container health check, for Docker's HEALTHCHECK."""

import http.client
import sys
from http import HTTPStatus

from gpu_workers.runtime.settings import Settings, load_settings

_TIMEOUT_SECONDS = 3


class _PortSettings(Settings):
    port: int = 8000


def main() -> int:
    """Return the exit code: 0 if the worker responds with 200 within 3 seconds, else 1."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", load_settings(_PortSettings).port, timeout=_TIMEOUT_SECONDS
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
