"""Resources that the plan must create, and that it must never create."""

import pytest

from infra import manifest as the_map
from tests.infra.invariants import broken
from tests.infra.terraform import ENVIRONMENTS, Resource, Terraform
from tests.support.local_system import ROOT

MAP = the_map.read()


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_promise_holds(plans: dict[str, list[Resource]], environment: str) -> None:
    assert broken(plans[environment], MAP) == []


@pytest.mark.parametrize(
    ("kind", "known", "message"),
    [
        ("google_storage_bucket_iam_member", {"role": "roles/editor"}, "no_primitive_role"),
        (
            "google_project_iam_member",
            {"role": "roles/storage.admin", "member": "serviceAccount:fn-rest@p"},
            "little_on_the_project",
        ),
        (
            "google_cloud_run_v2_service_iam_member",
            {"role": "roles/run.invoker", "member": "allUsers", "name": "worker-sdxl"},
            "everybody_calls_the_map_alone",
        ),
        (
            "google_storage_bucket_iam_member",
            {"role": "roles/storage.objectViewer", "member": "allUsers", "name": "rest"},
            "everybody_calls_the_map_alone",
        ),
        (
            "google_cloudfunctions2_function",
            {"service_config": [{"service_account_email": None}]},
            "an_account_of_its_own",
        ),
        (
            "google_cloud_run_v2_service",
            {"template": [{"service_account": "a", "scaling": [{"min_instance_count": 1}]}]},
            "nothing_kept_warm",
        ),
        ("google_storage_bucket", {"public_access_prevention": "inherited"}, "buckets_are_closed"),
        ("google_secret_manager_secret_version", {}, "no_value_of_a_secret"),
        ("random_password", {}, "one_provider"),
    ],
)
def test_a_broken_promise_of_the_manifest_is_reported(
    kind: str, known: dict[str, object], message: str
) -> None:
    found = broken([Resource("it", kind, known, {})], MAP)
    assert [one.split(":")[0] for one in found] == [message]


def test_the_configuration_is_in_shape(configuration: Terraform) -> None:
    done = configuration.run("fmt", "-check", "-recursive")
    assert done.returncode == 0, done.stdout
    done = configuration.run("validate", "-no-color")
    assert done.returncode == 0, done.stderr


def test_one_endpoint_has_no_more_than_the_map_says(plan: list[Resource]) -> None:
    for name, function in MAP.functions.items():
        member = f"serviceAccount:fn-{name}@ourvidz-production.iam.gserviceaccount.com"
        granted = [resource for resource in plan if resource.known.get("member") == member]
        buckets = {
            resource.known["bucket"].removeprefix("ourvidz-production-"): {
                "roles/storage.objectUser": "write",
                "roles/storage.objectViewer": "read",
            }[resource.known["role"]]
            for resource in granted
            if resource.type == "google_storage_bucket_iam_member"
        }
        queues = {
            resource.known["name"]
            for resource in granted
            if resource.type == "google_cloud_tasks_queue_iam_member"
        }
        assert buckets == function.buckets, name
        assert queues == set(function.queues), name


def test_each_alert_has_its_page(plan: list[Resource]) -> None:
    alerts = [
        resource.known for resource in plan if resource.type == "google_monitoring_alert_policy"
    ]
    assert len(alerts) == 5
    for alert in alerts:
        page = alert["documentation"][0]["content"].removeprefix("What to do: ")
        assert (ROOT / page).is_file(), page
