module "identity" {
  source = "../identity"
  name   = var.name
  region = var.region
  access = var.access
}

locals {
  database = module.identity.login == null ? {} : {
    DATABASE_URL = "postgresql://${urlencode(module.identity.login)}@${var.database.host}:5432/${var.database.name}?sslmode=require"
  }
}

resource "google_cloud_run_v2_service" "this" {
  name     = var.name
  location = var.region
  ingress  = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"

  # It has no data, so terraform may delete it when it is removed from the manifest.
  deletion_protection = false

  template {
    service_account                  = module.identity.email
    timeout                          = "${var.timeout_seconds}s"
    max_instance_request_concurrency = var.concurrency

    scaling {
      min_instance_count = var.instances.min
      max_instance_count = var.instances.max
    }

    containers {
      image = var.image

      resources {
        limits            = { cpu = "1", memory = var.memory }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      dynamic "env" {
        for_each = merge(var.settings, local.database)
        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = var.access.secrets
        content {
          name = env.key
          value_source {
            secret_key_ref {
              secret  = env.value
              version = "latest"
            }
          }
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

  depends_on = [module.identity]
}

# As a function does, the service authenticates its callers itself.
resource "google_cloud_run_v2_service_iam_member" "anyone" {
  name     = google_cloud_run_v2_service.this.name
  location = var.region
  role     = "roles/run.invoker"
  member   = "allUsers"
}
