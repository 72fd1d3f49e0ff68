# The place alone. Its value is put there by a person, and stands in no state file.
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
