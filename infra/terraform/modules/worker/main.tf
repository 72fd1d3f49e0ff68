# A GPU worker has its key as only secret, reads the weights, and is called only by its queue.
resource "google_service_account" "this" {
  account_id   = "worker-${var.id}"
  display_name = "The GPU worker ${var.id}"
}

resource "google_secret_manager_secret_iam_member" "key" {
  secret_id = var.key_secret
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${local.email}"
}

resource "google_storage_bucket_iam_member" "weights" {
  bucket = var.weights_bucket
  role   = "roles/storage.objectViewer"
  member = "serviceAccount:${local.email}"
}

locals {
  email = "${google_service_account.this.account_id}@${var.project}.iam.gserviceaccount.com"
  settings = merge({
    OUTPUT_CHECKER = "/models/safety-checker" # without a checker a worker serves no jobs
    }, var.settings, {
    WORKER_ID            = var.id
    FUNCTIONS_URL        = var.functions_url
    WORKER_SLOTS         = tostring(var.slots)
    PREFETCH_JOBS        = tostring(var.prefetch_jobs)
    GOOGLE_CLOUD_PROJECT = var.project # log lines refer to this project's traces
  })
}

resource "google_cloud_run_v2_service" "this" {
  name             = "worker-${var.id}"
  location         = var.region
  ingress          = "INGRESS_TRAFFIC_INTERNAL_ONLY"
  custom_audiences = [var.audience]

  # It has no data, so terraform may delete it when it is removed from the variables.
  deletion_protection = false

  template {
    service_account                  = local.email
    timeout                          = "1800s" # as long as Cloud Tasks waits
    max_instance_request_concurrency = var.slots + var.prefetch_jobs
    gpu_zonal_redundancy_disabled    = true

    scaling {
      min_instance_count = var.min_instances
      max_instance_count = var.max_instances
    }

    node_selector {
      accelerator = var.accelerator
    }

    containers {
      image = var.image

      ports {
        container_port = 8080
      }

      resources {
        limits = {
          cpu              = tostring(var.cpu)
          memory           = "${var.memory_gib}Gi"
          "nvidia.com/gpu" = "1"
        }
        # A GPU is billed per instance, and a job continues between its requests.
        cpu_idle          = false
        startup_cpu_boost = true
      }

      dynamic "env" {
        for_each = local.settings
        content {
          name  = env.key
          value = env.value
        }
      }

      env {
        name = "WORKER_KEY"
        value_source {
          secret_key_ref {
            secret  = var.key_secret
            version = "latest"
          }
        }
      }

      volume_mounts {
        name       = "weights"
        mount_path = "/models"
      }

      # The worker listens before it loads its model.
      startup_probe {
        period_seconds    = 5
        failure_threshold = 24
        http_get {
          path = "/healthz"
          port = 8080
        }
      }
    }

    volumes {
      name = "weights"
      gcs {
        bucket    = var.weights_bucket
        read_only = true
      }
    }
  }

  depends_on = [google_secret_manager_secret_iam_member.key]
}

resource "google_cloud_run_v2_service_iam_member" "queue" {
  name     = google_cloud_run_v2_service.this.name
  location = var.region
  role     = "roles/run.invoker"
  member   = "serviceAccount:${var.dispatcher}"
}
