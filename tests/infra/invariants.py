"""Invariants of every resource of a plan, wherever it is defined."""

from collections.abc import Callable, Iterator
from typing import Any

from infra.manifest import Manifest
from tests.infra.terraform import Resource

_ON_THE_PROJECT = {
    "fn-": {"roles/cloudsql.client", "roles/cloudsql.instanceUser"},
    "builder@": {"roles/logging.logWriter"},
}
_PRIMITIVE = {"roles/owner", "roles/editor", "roles/viewer"}
_EVERYBODY = {"allUsers", "allAuthenticatedUsers"}

Broken = Iterator[str]
Promise = Callable[[list[Resource], Manifest], Broken]


def broken(plan: list[Resource], the_map: Manifest) -> list[str]:
    """Return each invariant that the plan breaks, and where."""
    return [
        f"{promise.__name__}: {what}" for promise in PROMISES for what in promise(plan, the_map)
    ]


def no_primitive_role(plan: list[Resource], _: Manifest) -> Broken:
    for resource in plan:
        if resource.known.get("role") in _PRIMITIVE:
            yield resource.address


def little_on_the_project(plan: list[Resource], _: Manifest) -> Broken:
    for resource in plan:
        if resource.type.startswith("google_project_iam"):
            who = str(resource.known.get("member")).removeprefix("serviceAccount:")
            allowed = [roles for prefix, roles in _ON_THE_PROJECT.items() if who.startswith(prefix)]
            if not any(resource.known["role"] in roles for roles in allowed):
                yield f"{resource.address}: {who} is {resource.known['role']}"


def everybody_calls_the_map_alone(plan: list[Resource], the_map: Manifest) -> Broken:
    """Each endpoint authenticates its callers; nothing else may be called or read publicly."""
    for resource in plan:
        named = {resource.known.get("member"), *(resource.known.get("members") or [])}
        if named & _EVERYBODY and (
            resource.type != "google_cloud_run_v2_service_iam_member"
            or resource.known["name"] not in {**the_map.functions, **the_map.services}
            or resource.known["role"] != "roles/run.invoker"
        ):
            yield resource.address


def an_account_of_its_own(plan: list[Resource], _: Manifest) -> Broken:
    accounts: set[str] = set()
    for resource, runs in _runs(plan):
        account = runs.get("service_account_email") or runs.get("service_account")
        if not account or account in accounts or "compute@" in account:
            yield f"{resource.address} runs as {account}"
        accounts.add(str(account))


def nothing_kept_warm(plan: list[Resource], _: Manifest) -> Broken:
    for resource, runs in _runs(plan):
        scaling = (runs.get("scaling") or [{}])[0]
        if (runs.get("min_instance_count") or 0) + (scaling.get("min_instance_count") or 0):
            yield resource.address


def buckets_are_closed(plan: list[Resource], _: Manifest) -> Broken:
    for resource in plan:
        if (
            resource.type == "google_storage_bucket"
            and resource.known.get("public_access_prevention") != "enforced"
        ):
            yield resource.address


def no_value_of_a_secret(plan: list[Resource], _: Manifest) -> Broken:
    """A secret's value in the configuration would be stored in the state file."""
    for resource in plan:
        if resource.type == "google_secret_manager_secret_version" or resource.known.get(
            "password"
        ):
            yield resource.address


def one_provider(plan: list[Resource], _: Manifest) -> Broken:
    for resource in plan:
        if not resource.type.startswith(("google_", "terraform_data")):
            yield resource.address


def _runs(plan: list[Resource]) -> Iterator[tuple[Resource, dict[str, Any]]]:
    """Yield each resource that runs code, and the part of it that holds the runtime settings."""
    for resource in plan:
        if resource.type == "google_cloudfunctions2_function":
            yield resource, resource.known["service_config"][0]
        elif resource.type == "google_cloud_run_v2_service":
            yield resource, resource.known["template"][0]
        elif resource.type == "google_cloud_run_v2_job":
            yield resource, resource.known["template"][0]["template"][0]


PROMISES: tuple[Promise, ...] = (
    no_primitive_role,
    little_on_the_project,
    everybody_calls_the_map_alone,
    an_account_of_its_own,
    nothing_kept_warm,
    buckets_are_closed,
    no_value_of_a_secret,
    one_provider,
)
