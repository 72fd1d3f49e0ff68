"""The bundle of job-events: it streams under plain functions-framework too."""

from pathlib import Path

from infra import manifest as the_map
from infra.bundle import write
from infra.local.config.environment import LocalSystem as Parts
from infra.local.config.environment import functions_env
from infra.local.database.server import url as database_url
from infra.local.database.setup import functions_url
from tests.acceptance.test_bundles import Server, end
from tests.support.local_system import LocalSystem, UserClient, wait_until
from tests.support.scripted_worker import ScriptedWorker
from tests.support.sse_client import SseClient


def test_a_served_bundle_streams_changes_as_they_happen(
    bare: LocalSystem, person: UserClient, hand_worker: ScriptedWorker, tmp_path: Path
) -> None:
    ports = bare.ports()
    env = functions_env(
        Parts(bare.data, bare.port, ports), functions_url(database_url(ports["postgres"]))
    )
    environment = {name: value for name, value in env.items() if name != "PYTHONPATH"}
    bundle = write(the_map.read().functions["job-events"], tmp_path)
    server = Server(bundle, tmp_path / "served", environment)
    try:
        users = {"authorization": f"Bearer {person.token}"}
        answer = server.call("POST", headers=users)
        ticket = answer.json()["ticket"]
        with SseClient(person, base=str(answer.url), ticket=ticket) as stream:
            hand_worker.finish(person.create_job())
            stream.wait(4)
            assert stream.statuses() == ["queued", "processing", "completed"]
            assert stream.progress
        log = tmp_path / "served.log"
        wait_until(lambda: "the stream ended" in log.read_text(), what="it to be let go")
        assert "Traceback" not in log.read_text()
    finally:
        end(server)
