"""A shared HTTP client for single requests.

It checks no certificates: every server here is on loopback, and loading them takes 25 ms a client.
It keeps no connections: the servers are restarted during the tests.
"""

import httpx

web = httpx.Client(
    verify=False,  # noqa: S501 - loopback
    trust_env=False,
    timeout=120,
    limits=httpx.Limits(max_keepalive_connections=0),
)
