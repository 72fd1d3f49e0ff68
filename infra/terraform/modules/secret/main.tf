# The secret without a value: the operator adds it, so that it is not in the state file.
resource "google_secret_manager_secret" "this" {
  secret_id           = lower(replace(var.name, "_", "-"))
  deletion_protection = var.is_protected

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
}
