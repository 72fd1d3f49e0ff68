# The operator's commands (infra.admin) inside the network; by default migrations. Only this job logs
# in as the tables' owner.
resource "google_service_account" "this" {
  account_id   = "operator"
  display_name = "Migrations and the operator's commands"
}

locals {
  email = "${google_service_account.this.account_id}@${var.project}.iam.gserviceaccount.com"
}

resource "google_secret_manager_secret_iam_member" "owner" {
  secret_id = var.owner_secret
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${local.email}"
}

resource "google_storage_bucket_iam_member" "files" {
  for_each = toset(var.buckets)
  bucket   = each.value
  role     = "roles/storage.objectUser"
  member   = "serviceAccount:${local.email}"
}

resource "google_cloud_run_v2_job" "this" {
  name                = "operator"
  location            = var.region
  deletion_protection = false # it has no data

  template {
    template {
      service_account = local.email
      max_retries     = 0
      timeout         = "3600s"

      containers {
        image = var.image
        args  = concat(["migrate"], flatten([for login in var.logins : ["--login", login]]))

        env {
          name = "DATABASE_URL"
          value_source {
            secret_key_ref {
              secret  = var.owner_secret
              version = "latest"
            }
          }
        }

        dynamic "env" {
          for_each = var.settings
          content {
            name  = env.key
            value = env.value
          }
        }
      }

      vpc_access {
        egress = "PRIVATE_RANGES_ONLY"
        network_interfaces {
          subnetwork = var.subnetwork
        }
      }
    }
  }

  depends_on = [google_secret_manager_secret_iam_member.owner]
}
