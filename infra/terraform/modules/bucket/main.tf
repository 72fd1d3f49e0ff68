resource "google_storage_bucket" "this" {
  name                        = var.name
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = false

  versioning {
    enabled = var.delete_after_days == null
  }

  # Temporary objects are not retained after their deletion; other buckets keep old versions.
  soft_delete_policy {
    retention_duration_seconds = var.delete_after_days == null ? 7 * 86400 : 0
  }

  dynamic "lifecycle_rule" {
    for_each = var.delete_after_days == null ? [] : [var.delete_after_days]
    content {
      action {
        type = "Delete"
      }
      condition {
        age = lifecycle_rule.value
      }
    }
  }

  dynamic "lifecycle_rule" {
    for_each = var.delete_after_days == null ? [var.old_versions_days] : []
    content {
      action {
        type = "Delete"
      }
      condition {
        days_since_noncurrent_time = lifecycle_rule.value
        with_state                 = "ARCHIVED"
      }
    }
  }

  dynamic "cors" {
    for_each = length(var.origins) > 0 ? [1] : []
    content {
      origin          = var.origins
      method          = ["GET", "HEAD", "PUT"]
      response_header = ["*"]
      max_age_seconds = 3600
    }
  }
}
