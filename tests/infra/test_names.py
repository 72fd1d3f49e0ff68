"""Manifest, folders, bundles, gateway, terraform and openapi.json name the same endpoints."""

import json
from pathlib import Path

from infra import bundle
from infra import manifest as the_map
from infra.local.gateway.router import load_functions, load_services
from tests.infra.terraform import Resource
from tests.support.local_system import ROOT

MAP = the_map.read()
FUNCTIONS, SERVICES = MAP.functions, MAP.services
PREFIXES = {
    **{name: one.prefixes for name, one in FUNCTIONS.items()},
    **{name: [one.mount] for name, one in SERVICES.items()},
}
SCHEDULED = {name for name, one in FUNCTIONS.items() if one.caller == "scheduler"}


def test_each_has_its_folder() -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/main.py")}
    assert folders == {name.replace("-", "_") for name in PREFIXES}


def test_each_function_has_its_bundle() -> None:
    for name, function in FUNCTIONS.items():
        assert f"functions/{name.replace('-', '_')}/main.py" in bundle.contents(function)


def test_the_gateway_opens_each() -> None:
    assert set(load_functions(MAP)) == {path for name in FUNCTIONS for path in PREFIXES[name]}
    assert set(load_services(MAP)) == {path for name in SERVICES for path in PREFIXES[name]}


def test_terraform_deploys_each(plan: list[Resource]) -> None:
    functions = {
        resource.known["name"]
        for resource in plan
        if resource.type == "google_cloudfunctions2_function"
    }
    services = {
        resource.known["name"]
        for resource in plan
        if resource.type == "google_cloud_run_v2_service"
    }
    assert functions == set(FUNCTIONS)
    assert {name for name in services if not name.startswith("worker-")} == set(SERVICES)


def test_terraform_deploys_each_bundle(plan: list[Resource]) -> None:
    sources = [
        resource.known["source"]
        for resource in plan
        if resource.type == "google_storage_bucket_object"
    ]
    assert {Path(source).stem for source in sources} == set(FUNCTIONS)


def test_the_load_balancer_leads_where_the_gateway_does(plan: list[Resource]) -> None:
    (urls,) = (resource.known for resource in plan if resource.type == "google_compute_url_map")
    led = {path for rule in urls["path_matcher"][0]["path_rule"] for path in rule["paths"]}
    public = {path for name in PREFIXES.keys() - SCHEDULED for path in PREFIXES[name]}
    assert led == public | {f"{path}/*" for path in public}


def test_openapi_documents_each() -> None:
    paths = json.loads((ROOT / "docs/openapi.json").read_text())["paths"]
    for name in FUNCTIONS:
        assert any(path.startswith(tuple(PREFIXES[name])) for path in paths), name
    every = tuple(path for several in PREFIXES.values() for path in several)
    assert [path for path in paths if not path.startswith(every)] == []


def test_the_queues_keep_the_map_s_pace(plan: list[Resource]) -> None:
    made = {
        resource.known["name"]: resource.known
        for resource in plan
        if resource.type == "google_cloud_tasks_queue"
    }
    assert set(made) == set(MAP.queues)
    for name, queue in MAP.queues.items():
        retry = made[name]["retry_config"][0]
        assert retry["min_backoff"] == f"{queue.min_backoff_seconds:g}s"
        assert retry["max_attempts"] == -1
