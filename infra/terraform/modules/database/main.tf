resource "google_sql_database_instance" "this" {
  name                = var.name
  region              = var.region
  database_version    = var.postgres
  deletion_protection = var.is_protected

  settings {
    tier                        = var.tier
    edition                     = "ENTERPRISE"
    availability_type           = var.availability
    disk_size                   = var.disk_gib
    disk_autoresize             = true
    deletion_protection_enabled = var.is_protected
    retain_backups_on_delete    = true

    ip_configuration {
      ipv4_enabled    = false # no public address
      private_network = var.network
      ssl_mode        = "ENCRYPTED_ONLY"
    }

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      start_time                     = "03:00"
      transaction_log_retention_days = 7
      backup_retention_settings {
        retained_backups = var.backups
      }
    }

    maintenance_window {
      day          = 7
      hour         = 4
      update_track = "stable"
    }

    insights_config {
      query_insights_enabled  = true
      record_application_tags = false
      record_client_address   = false
    }

    dynamic "database_flags" {
      for_each = {
        "cloudsql.iam_authentication" = "on"
        "max_connections"             = tostring(var.connections)
        # Statements may contain prompts, and error messages quote values: neither is logged, as in
        # infra/local/database/server.py.
        "log_min_duration_statement" = "-1"
        "log_statement"              = "none"
        "log_min_messages"           = "log"
        "log_min_error_statement"    = "panic"
        "log_error_verbosity"        = "terse"
        # KiB of a session's sorts and hashes on disk; above it the statement fails.
        "temp_file_limit"    = "1048576"
        "log_connections"    = "on"
        "log_disconnections" = "on"
        "log_lock_waits"     = "on"
      }
      content {
        name  = database_flags.key
        value = database_flags.value
      }
    }
  }
}

resource "google_sql_database" "this" {
  instance = google_sql_database_instance.this.name
  name     = "ourvidz"
}
