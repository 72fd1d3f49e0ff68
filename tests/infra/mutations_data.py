"""Mistakes in the configuration, each in one place, and the test that must find it."""

from dataclasses import dataclass

MODULES = "infra/terraform/modules"


@dataclass(frozen=True)
class Fault:
    """A text, and the mistake that replaces it."""

    name: str
    file: str
    right: str
    wrong: str
    found_by: str
    """A test file of infra/terraform/tests, or ``invariants`` for those over the complete plan."""


FAULTS = (
    Fault(
        "a function runs as the project's default account",
        f"{MODULES}/function/main.tf",
        "service_account_email = module.identity.email",
        "service_account_email = null",
        "endpoints",
    ),
    Fault(
        "a worker is anybody's to call",
        f"{MODULES}/worker/main.tf",
        'member   = "serviceAccount:${var.dispatcher}"',
        'member   = "allUsers"',
        "worker",
    ),
    Fault(
        "a worker is kept warm",
        f"{MODULES}/worker/variables.tf",
        "type    = number\n  default = 0",
        "type    = number\n  default = 1",
        "worker",
    ),
    Fault(
        "a container takes fewer jobs than its worker's slots and look-ahead",
        f"{MODULES}/worker/main.tf",
        "max_instance_request_concurrency = var.slots + var.prefetch_jobs",
        "max_instance_request_concurrency = var.slots",
        "worker",
    ),
    Fault(
        "a queue lets through fewer jobs than its workers hold",
        "infra/terraform/limits.tf",
        "one.max_instances * (one.slots + var.prefetch_jobs)",
        "one.max_instances * one.slots",
        "limits",
    ),
    Fault(
        "a GPU with too little CPU is let pass",
        f"{MODULES}/worker/variables.tf",
        "var.cpu >= 4",
        "var.cpu >= 1",
        "worker",
    ),
    Fault(
        "a request that lasts two hours is let pass",
        f"{MODULES}/function/variables.tf",
        "var.timeout_seconds <= 3600",
        "var.timeout_seconds <= 7200",
        "endpoints",
    ),
    Fault(
        "pools that Postgres cannot take are let pass",
        "infra/terraform/limits.tf",
        "local.connections_needed <= var.database.connections - 20",
        "local.connections_needed <= var.database.connections * 20",
        "limits",
    ),
    Fault(
        "an endpoint is an editor of the project",
        f"{MODULES}/identity/main.tf",
        '"roles/cloudsql.client"',
        '"roles/editor"',
        "endpoints",
    ),
    Fault(
        "an endpoint may read every bucket of the project",
        f"{MODULES}/identity/main.tf",
        "# It logs in as itself",
        'resource "google_project_iam_member" "files" {\n'
        "  project = var.access.project\n"
        '  role    = "roles/storage.objectViewer"\n'
        "  member  = local.member\n"
        "}\n\n# It logs in as itself",
        "invariants",
    ),
    Fault(
        "a bucket's files are anybody's",
        f"{MODULES}/bucket/main.tf",
        'resource "google_storage_bucket" "this" {',
        'resource "google_storage_bucket_iam_member" "all" {\n'
        "  bucket = google_storage_bucket.this.name\n"
        '  role   = "roles/storage.objectViewer"\n'
        '  member = "allUsers"\n'
        '}\n\nresource "google_storage_bucket" "this" {',
        "invariants",
    ),
    Fault(
        "the database has a public address",
        f"{MODULES}/database/main.tf",
        "ipv4_enabled    = false",
        "ipv4_enabled    = true",
        "storage",
    ),
    Fault(
        "the database cannot be set back to a moment",
        f"{MODULES}/database/main.tf",
        "point_in_time_recovery_enabled = true",
        "point_in_time_recovery_enabled = false",
        "storage",
    ),
    Fault(
        "a bucket can be made public",
        f"{MODULES}/bucket/main.tf",
        '"enforced"',
        '"inherited"',
        "storage",
    ),
    Fault(
        "the library's files are deleted after some days",
        f"{MODULES}/bucket/main.tf",
        "days_since_noncurrent_time = lifecycle_rule.value\n"
        '        with_state                 = "ARCHIVED"',
        "age = lifecycle_rule.value",
        "storage",
    ),
    Fault(
        "a queue gives up",
        f"{MODULES}/queue/main.tf",
        "max_attempts = -1",
        "max_attempts = 100",
        "worker",
    ),
    Fault(
        "a queue does not say for whom its tokens are",
        f"{MODULES}/queue/main.tf",
        "audience              = local.audience\n",
        "",
        "worker",
    ),
    Fault(
        "the sweep is reached from outside",
        f"{MODULES}/function/main.tf",
        'var.is_public ? "ALLOW_INTERNAL_AND_GCLB" : "ALLOW_INTERNAL_ONLY"',
        '"ALLOW_INTERNAL_AND_GCLB"',
        "endpoints",
    ),
    Fault(
        "the map keeps an endpoint warm",
        "infra/services.yaml",
        "instances: {min: 0, max: 50}",
        "instances: {min: 1, max: 50}",
        "root",
    ),
    Fault(
        "an alert fires at another figure than its promise",
        f"{MODULES}/monitoring/alerts.tf",
        "threshold = 60",
        "threshold = 600",
        "ingress",
    ),
)
