"""Emulator CLI.

    python -m infra.local.tasks_emulator --port 8123 --data .local/data/tasks

When it is ready it prints one line, `ready 127.0.0.1:PORT`. SIGTERM and SIGINT end it; attempts
that are in flight at that time are repeated after the next start.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import uvloop
from google.cloud.tasks_v2 import Queue, UpdateQueueRequest

from infra.local.tasks_emulator.dispatcher import Dispatcher
from infra.local.tasks_emulator.http_push import Pusher
from infra.local.tasks_emulator.oidc import TokenSigner
from infra.local.tasks_emulator.queue_service import QueueCalls
from infra.local.tasks_emulator.queue_validation import SETTINGS
from infra.local.tasks_emulator.server import make_server
from infra.local.tasks_emulator.store import Store
from infra.local.tasks_emulator.task_service import TaskCalls
from infra.local.tasks_emulator.task_validation import Policy


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.local.tasks_emulator", description="Cloud Tasks on one machine."
    )
    parser.add_argument(
        "--port", type=int, default=0, help="the port on 127.0.0.1; 0 for a free one"
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder of the database")
    parser.add_argument(
        "--queues",
        type=declared_queues,
        default=[],
        metavar="JSON|FILE",
        help="a list of queues in the REST API's JSON, created or updated at the start",
    )
    parser.add_argument(
        "--oidc-key", type=Path, metavar="PEM", help="the RSA private key that signs OIDC tokens"
    )
    parser.add_argument(
        "--oidc-issuer", default="https://accounts.google.com", help="the tokens' iss"
    )
    parser.add_argument(
        "--tombstone-seconds",
        type=float,
        default=3600,
        help="how long the name of an ended task or deleted queue stays reserved",
    )
    parser.add_argument(
        "--min-deadline-seconds",
        type=float,
        default=15,
        help="the shortest dispatch deadline accepted; the service's is 15",
    )
    return parser.parse_args()


def declared_queues(value: str) -> list[UpdateQueueRequest]:
    """Return the updates for a list of queues; each changes only the settings that are given.

    Args:
        value: the list in the REST API's JSON, or the path of a file with it.
    """
    text = value if value.lstrip().startswith("[") else Path(value).read_text()
    return [
        UpdateQueueRequest(
            queue=(queue := Queue.from_json(json.dumps(declared))),
            # An empty mask would mean all settings; the name in it has no effect.
            update_mask={"paths": ["name", *(field for field in SETTINGS if field in queue)]},
        )
        for declared in json.loads(text)
    ]


async def serve(options: argparse.Namespace) -> None:
    """Serve calls and push tasks until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    options.data.mkdir(parents=True, exist_ok=True)
    path = options.data / "cloud-tasks.sqlite3"
    with closing(Store(path, tombstone_seconds=options.tombstone_seconds)) as store:
        await _serve(options, store, stop)


async def _serve(options: argparse.Namespace, store: Store, stop: asyncio.Event) -> None:
    signer = None
    if options.oidc_key:
        signer = TokenSigner(options.oidc_key.read_bytes(), options.oidc_issuer)
    pusher = Pusher(signer)
    dispatcher = Dispatcher(store, pusher)
    policy = Policy(timedelta(seconds=options.min_deadline_seconds), can_sign=bool(signer))
    queues = QueueCalls(store, dispatcher, policy)
    dispatcher.start()
    for update in options.queues:
        queues.update_queue(update)
    server = make_server(queues, TaskCalls(store, dispatcher, policy))
    port = server.add_insecure_port(f"127.0.0.1:{options.port}")
    await server.start()
    print(f"ready 127.0.0.1:{port}", flush=True)
    await stop.wait()
    await server.stop(grace=None)
    await dispatcher.close()
    await pusher.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s tasks-emulator %(message)s")
    uvloop.run(serve(arguments()))
