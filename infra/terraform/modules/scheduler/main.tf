resource "google_service_account" "this" {
  account_id   = "scheduler"
  display_name = "Calls sweep-jobs every minute"
}

locals {
  email = "${google_service_account.this.account_id}@${var.project}.iam.gserviceaccount.com"
}

resource "google_cloud_scheduler_job" "sweep" {
  name             = "sweep-jobs"
  region           = var.region
  schedule         = "* * * * *"
  time_zone        = "Etc/UTC"
  attempt_deadline = "${var.timeout_seconds}s"

  # One quick retry is enough: the next call follows a minute later.
  retry_config {
    retry_count          = 1
    min_backoff_duration = "5s"
    max_backoff_duration = "10s"
    max_doublings        = 1
  }

  http_target {
    uri         = var.url
    http_method = "POST"
    headers     = { "Content-Type" = "application/json" }
    body        = base64encode("{}")

    oidc_token {
      service_account_email = local.email
      audience              = var.url
    }
  }
}
