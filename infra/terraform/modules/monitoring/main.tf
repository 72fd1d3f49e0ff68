# The four SLOs, measured from the functions' log entries, with an alert and a runbook for each.
locals {
  # A log entry whose message is "measured" has one or more of these fields.
  measured = {
    job_late                    = "A job ended: 0 by its deadline, 1 past it."
    callback_visible_seconds    = "From a completing callback's arrival to its commit, which readers see."
    oldest_undispatched_seconds = "How long the job that waits longest has waited for a slot, at a sweep."
    orphaned_objects            = "Objects older than a day that no row names, at a sweep."
  }
}

resource "google_logging_metric" "measured" {
  for_each        = local.measured
  name            = "ourvidz/${each.key}"
  description     = each.value
  filter          = "jsonPayload.message=\"measured\" AND jsonPayload.${each.key}:*"
  value_extractor = "EXTRACT(jsonPayload.${each.key})"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = endswith(each.key, "_seconds") ? "s" : "1"
  }

  bucket_options {
    exponential_buckets {
      num_finite_buckets = 40
      growth_factor      = 1.5
      scale              = 0.01
    }
  }
}

resource "google_monitoring_notification_channel" "email" {
  for_each     = toset(var.emails)
  display_name = each.key
  type         = "email"
  labels       = { email_address = each.key }
}

resource "google_monitoring_alert_policy" "slo" {
  for_each              = local.alerts
  display_name          = each.value.promise
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = [for one in google_monitoring_notification_channel.email : one.id]

  conditions {
    display_name = each.value.promise
    condition_threshold {
      filter          = "metric.type=\"logging.googleapis.com/user/ourvidz/${each.value.metric}\" AND resource.type=\"cloud_run_revision\""
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.threshold
      duration        = each.value.duration
      aggregations {
        alignment_period     = each.value.period
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = each.value.reducer
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "What to do: ${var.runbooks}/${each.key}.md"
  }

  depends_on = [google_logging_metric.measured]
}

# Without the sweep the other alerts have no data, so missing data is an alert as well.
resource "google_monitoring_alert_policy" "sweep_not_running" {
  display_name          = "The sweep has measured nothing for ten minutes"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = [for one in google_monitoring_notification_channel.email : one.id]

  conditions {
    display_name = "No measurement"
    condition_absent {
      filter   = "metric.type=\"logging.googleapis.com/user/ourvidz/oldest_undispatched_seconds\" AND resource.type=\"cloud_run_revision\""
      duration = "600s"
      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_COUNT"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "What to do: ${var.runbooks}/sweep-not-running.md"
  }

  depends_on = [google_logging_metric.measured]
}
