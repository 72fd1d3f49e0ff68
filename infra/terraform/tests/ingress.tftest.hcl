# Load balancer, scheduler and monitoring.
mock_provider "google" {}

variables {
  project             = "test-project"
  region              = "europe-west4"
  domain              = "api.example.com"
  requests_per_minute = 600
  backends = {
    queue-job = { service = "queue-job", prefixes = ["/functions/v1/queue-job"] }
    rest      = { service = "rest", prefixes = ["/functions/v1/rest", "/rest/v1"] }
  }
  url             = "https://sweep-jobs-123456789012.europe-west4.run.app"
  timeout_seconds = 300
  emails          = ["on-call@example.com"]
  runbooks        = "https://example.com/runbooks"
}

run "load_balancer" {
  command = plan
  module {
    source = "./modules/load_balancer"
  }
  assert {
    condition     = google_compute_global_forwarding_rule.https.port_range == "443"
    error_message = "It listens for https alone."
  }
  assert {
    condition     = toset(flatten([for rule in google_compute_url_map.this.path_matcher[0].path_rule : rule.paths])) == toset(["/functions/v1/queue-job", "/functions/v1/queue-job/*", "/functions/v1/rest", "/functions/v1/rest/*", "/rest/v1", "/rest/v1/*"])
    error_message = "Every prefix has its route, and ends where a segment ends."
  }
  assert {
    condition     = alltrue([for rule in google_compute_url_map.this.path_matcher[0].path_rule : rule.route_action[0].url_rewrite[0].path_prefix_rewrite == "/"])
    error_message = "A function sees what follows its prefix, as on one machine."
  }
  assert {
    condition     = google_compute_url_map.this.path_matcher[0].default_route_action[0].fault_injection_policy[0].abort[0].http_status == 404 && google_compute_url_map.this.default_route_action[0].fault_injection_policy[0].abort[0].http_status == 404
    error_message = "What no route names is nowhere."
  }
  assert {
    condition     = toset([for rule in google_compute_security_policy.this.rule : rule.action]) == toset(["throttle", "deny(403)"]) && anytrue([for rule in google_compute_security_policy.this.rule : try(rule.rate_limit_options[0].rate_limit_threshold[0].count, 0) == 600])
    error_message = "One address may ask so often, and no more."
  }
  assert {
    condition     = alltrue([for one in google_compute_backend_service.this : one.log_config[0].enable == false && one.load_balancing_scheme == "EXTERNAL_MANAGED"])
    error_message = "No address with a ticket in it is logged."
  }
  assert {
    condition     = google_compute_ssl_policy.this.min_tls_version == "TLS_1_2"
    error_message = "Old ciphers are refused."
  }
}

run "scheduler" {
  command = plan
  module {
    source = "./modules/scheduler"
  }
  assert {
    condition     = google_cloud_scheduler_job.sweep.schedule == "* * * * *" && google_cloud_scheduler_job.sweep.attempt_deadline == "300s"
    error_message = "The sweep is called each minute, and waited for as long as it may last."
  }
  assert {
    condition     = google_cloud_scheduler_job.sweep.http_target[0].oidc_token[0].audience == var.url && google_cloud_scheduler_job.sweep.http_target[0].oidc_token[0].service_account_email == "scheduler@test-project.iam.gserviceaccount.com"
    error_message = "Its token says who calls, and for what it was made."
  }
  assert {
    condition     = google_cloud_scheduler_job.sweep.retry_config[0].retry_count == 1
    error_message = "A call that failed is made once more."
  }
}

run "scheduler_that_waits_too_long" {
  command = plan
  module {
    source = "./modules/scheduler"
  }
  variables {
    timeout_seconds = 1801
  }
  expect_failures = [var.timeout_seconds]
}

run "monitoring" {
  command = plan
  module {
    source = "./modules/monitoring"
  }
  assert {
    condition     = { for name, one in google_monitoring_alert_policy.slo : name => one.conditions[0].condition_threshold[0].threshold_value } == { jobs-by-deadline = 0.001, slow-callbacks = 2, stuck-queue = 60, orphaned-objects = 0 }
    error_message = "Each promise has its alert, at its own figure."
  }
  assert {
    condition     = alltrue([for name, one in google_monitoring_alert_policy.slo : one.documentation[0].content == "What to do: https://example.com/runbooks/${name}.md"])
    error_message = "Each alert names its page."
  }
  assert {
    condition     = google_monitoring_alert_policy.sweep_not_running.conditions[0].condition_absent[0].duration == "600s"
    error_message = "Missing measurements raise an alert too."
  }
  assert {
    condition     = alltrue([for word in ["token", "ticket", "apikey"] : strcontains(google_logging_project_exclusion.credentials.filter, word)])
    error_message = "Addresses that hold a credential are not logged."
  }
}
