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

# The name has the bundle's hash: an unchanged bundle is not deployed again.
resource "google_storage_bucket_object" "bundle" {
  bucket = var.bundles_bucket
  name   = "${var.name}-${filesha256(var.bundle)}.zip"
  source = var.bundle
}

resource "google_cloudfunctions2_function" "this" {
  name     = var.name
  location = var.region

  build_config {
    runtime           = "python311"
    entry_point       = "main"
    service_account   = var.builder.account
    docker_repository = var.builder.repository
    source {
      storage_source {
        bucket = var.bundles_bucket
        object = google_storage_bucket_object.bundle.name
      }
    }
  }

  service_config {
    service_account_email = module.identity.email
    # Through the load balancer or from inside; the function's own URL is not reachable from outside.
    ingress_settings                 = var.is_public ? "ALLOW_INTERNAL_AND_GCLB" : "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision   = true
    available_memory                 = var.memory
    available_cpu                    = "1"
    max_instance_request_concurrency = var.concurrency
    timeout_seconds                  = var.timeout_seconds
    min_instance_count               = var.instances.min
    max_instance_count               = var.instances.max
    environment_variables            = merge(var.settings, local.database)
    direct_vpc_egress                = "VPC_EGRESS_PRIVATE_RANGES_ONLY"

    direct_vpc_network_interface {
      subnetwork = var.subnetwork
    }

    dynamic "secret_environment_variables" {
      for_each = var.access.secrets
      content {
        key        = secret_environment_variables.key
        project_id = var.access.project
        secret     = reverse(split("/", secret_environment_variables.value))[0]
        version    = "latest"
      }
    }
  }

  depends_on = [module.identity]
}

# The function itself authenticates callers: by a user's token, a worker's signature or the
# scheduler's token. If the platform verified the token, it would remove its signature.
resource "google_cloud_run_v2_service_iam_member" "anyone" {
  name     = google_cloudfunctions2_function.this.name
  location = var.region
  role     = "roles/run.invoker"
  member   = "allUsers"
}
