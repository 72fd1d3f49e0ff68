# The account with which the queue calls its workers.
resource "google_service_account" "this" {
  account_id   = "dispatch-${var.name}"
  display_name = "Calls the workers of ${var.name}"
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

  # Unlimited: a busy worker's 429 and a claimed job's 503 each count as an attempt. A job ends by
  # its deadline in Postgres.
  retry_config {
    max_attempts = -1
    min_backoff  = "${var.min_backoff_seconds}s"
    max_backoff  = "${var.max_backoff_seconds}s"
  }

  # All workers of the queue accept tokens for this audience, whatever their URL.
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
