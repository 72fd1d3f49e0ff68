# Database, buckets and secrets.
mock_provider "google" {}

variables {
  region       = "europe-west4"
  network      = "projects/test-project/global/networks/ourvidz"
  tier         = "db-custom-4-16384"
  connections  = 1200
  availability = "REGIONAL"
  disk_gib     = 100
  postgres     = "POSTGRES_17"
  name         = "test-bucket"
}

run "database" {
  command = plan
  module {
    source = "./modules/database"
  }
  assert {
    condition     = google_sql_database_instance.this.settings[0].ip_configuration[0].ipv4_enabled == false && google_sql_database_instance.this.settings[0].ip_configuration[0].private_network == var.network
    error_message = "It has a private address alone."
  }
  assert {
    condition     = google_sql_database_instance.this.settings[0].ip_configuration[0].ssl_mode == "ENCRYPTED_ONLY"
    error_message = "It takes no connection in the clear."
  }
  assert {
    condition     = google_sql_database_instance.this.settings[0].backup_configuration[0].enabled && google_sql_database_instance.this.settings[0].backup_configuration[0].point_in_time_recovery_enabled
    error_message = "It is backed up, to any moment of the last days."
  }
  assert {
    condition     = { for one in google_sql_database_instance.this.settings[0].database_flags : one.name => one.value if contains(["cloudsql.iam_authentication", "max_connections", "log_statement", "log_min_messages", "log_min_error_statement", "log_error_verbosity", "temp_file_limit"], one.name) } == { "cloudsql.iam_authentication" = "on", "max_connections" = "1200", "log_statement" = "none", "log_min_messages" = "log", "log_min_error_statement" = "panic", "log_error_verbosity" = "terse", "temp_file_limit" = "1048576" }
    error_message = "Accounts log in as themselves, so many at once, and no statement is logged."
  }
  assert {
    condition     = google_sql_database_instance.this.deletion_protection && google_sql_database_instance.this.settings[0].deletion_protection_enabled
    error_message = "It is not deleted by a slip."
  }
}

run "postgres_that_is_too_old" {
  command = plan
  module {
    source = "./modules/database"
  }
  variables {
    postgres = "POSTGRES_15"
  }
  expect_failures = [var.postgres]
}

run "bucket_that_keeps" {
  command = plan
  module {
    source = "./modules/bucket"
  }
  assert {
    condition     = google_storage_bucket.this.public_access_prevention == "enforced" && google_storage_bucket.this.uniform_bucket_level_access
    error_message = "Public access is prevented."
  }
  assert {
    condition     = google_storage_bucket.this.versioning[0].enabled
    error_message = "What was deleted by mistake can be brought back."
  }
  assert {
    condition     = alltrue([for rule in google_storage_bucket.this.lifecycle_rule : alltrue([for one in rule.condition : one.with_state == "ARCHIVED"])])
    error_message = "Its lifecycle deletes old versions alone."
  }
}

run "bucket_that_forgets" {
  command = plan
  module {
    source = "./modules/bucket"
  }
  variables {
    delete_after_days = 9
  }
  assert {
    condition     = [for rule in google_storage_bucket.this.lifecycle_rule : one(rule.condition).age] == [9]
    error_message = "What passes through is deleted."
  }
  assert {
    condition     = !google_storage_bucket.this.versioning[0].enabled && google_storage_bucket.this.public_access_prevention == "enforced"
    error_message = "It keeps no versions, and is as closed as the other."
  }
}

run "secret" {
  command = plan
  module {
    source = "./modules/secret"
  }
  variables {
    name = "URL_TOKEN_SECRET"
  }
  assert {
    condition     = google_secret_manager_secret.this.secret_id == "url-token-secret" && google_secret_manager_secret.this.deletion_protection
    error_message = "A place for a value that no state file holds."
  }
}
