"""One HTTP client for requests that stand alone.

It checks no certificates, for everything here is loopback, and loading them takes 25 ms a client;
it keeps no connection, for what it talks to is restarted under its feet.
"""

import httpx

web = httpx.Client(
    verify=False,  # noqa: S501 - loopback
    trust_env=False,
    timeout=120,
    limits=httpx.Limits(max_keepalive_connections=0),
)
