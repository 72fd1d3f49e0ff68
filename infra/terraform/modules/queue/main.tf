# The account as which the queue calls its workers.
resource "google_service_account" "this" {
  account_id   = "dispatch-${var.name}"
  display_name = "What ${var.name} calls its workers as"
}

locals {
  email    = "${google_service_account.this.account_id}@${var.project}.iam.gserviceaccount.com"
  audience = "${var.name}.workers"
}

resource "google_cloud_tasks_queue" "this" {
  name     = var.name
  location = var.region

  rate_limits {
    max_dispatches_per_second = 500 # the maximum of Cloud Tasks
    max_concurrent_dispatches = var.max_concurrent
  }

  # Unlimited: a busy worker's 429 and a claimed job's 503 each cost an attempt. What ends a job is
  # its own deadline, in Postgres.
  retry_config {
    max_attempts = -1
    min_backoff  = "${var.min_backoff_seconds}s"
    max_backoff  = "${var.max_backoff_seconds}s"
  }

  # Every worker of the queue takes tokens for this audience, whatever its address.
  http_target {
    http_method = "POST"
    oidc_token {
      service_account_email = local.email
      audience              = local.audience
    }
  }

  stackdriver_logging_config {
    sampling_ratio = var.log_ratio
  }
}
