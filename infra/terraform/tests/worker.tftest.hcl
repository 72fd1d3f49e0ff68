# A GPU worker and its queue.
mock_provider "google" {}

variables {
  project        = "test-project"
  region         = "europe-west4"
  id             = "sdxl"
  image          = "europe-west4-docker.pkg.dev/test-project/ourvidz/sdxl:test"
  settings       = { SDXL_MODEL = "/models/sdxl" }
  functions_url  = "https://api.example.com/functions/v1"
  key_secret     = "worker-key-sdxl"
  weights_bucket = "test-weights"
  dispatcher     = "dispatch-sdxl-queue@test-project.iam.gserviceaccount.com"
  audience       = "sdxl-queue.workers"
  slots          = 2
  prefetch_jobs  = 1
  max_instances  = 4
  cpu            = 4
  memory_gib     = 16

  # Variables of the queue.
  name                = "sdxl-queue"
  min_backoff_seconds = 2
  max_backoff_seconds = 60
  max_concurrent      = 12
}

run "worker" {
  command = plan
  module {
    source = "./modules/worker"
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].max_instance_request_concurrency == 3
    error_message = "An instance is sent what its slots and look-ahead hold."
  }
  assert {
    condition     = { for one in google_cloud_run_v2_service.this.template[0].containers[0].env : one.name => one.value if contains(["WORKER_SLOTS", "PREFETCH_JOBS"], one.name) } == { WORKER_SLOTS = "2", PREFETCH_JOBS = "1" }
    error_message = "The worker has the same slots and prefetched jobs."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].scaling[0].min_instance_count == 0 && google_cloud_run_v2_service.this.template[0].scaling[0].max_instance_count == 4
    error_message = "It scales to zero."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].node_selector[0].accelerator == "nvidia-l4" && google_cloud_run_v2_service.this.template[0].containers[0].resources[0].limits["nvidia.com/gpu"] == "1"
    error_message = "It has one nvidia-l4."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].containers[0].resources[0].cpu_idle == false
    error_message = "A GPU service is paid by the instance."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.custom_audiences == tolist(["sdxl-queue.workers"])
    error_message = "It takes tokens that were made for its queue's workers."
  }
  assert {
    condition     = google_cloud_run_v2_service_iam_member.queue.member == "serviceAccount:dispatch-sdxl-queue@test-project.iam.gserviceaccount.com"
    error_message = "Its queue alone may call it."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.ingress == "INGRESS_TRAFFIC_INTERNAL_ONLY"
    error_message = "It is not reached from outside."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].volumes[0].gcs[0].read_only && google_storage_bucket_iam_member.weights.role == "roles/storage.objectViewer"
    error_message = "It reads the weights, and cannot change them."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].service_account == "worker-sdxl@test-project.iam.gserviceaccount.com"
    error_message = "It runs as its own account."
  }
  assert {
    condition     = [for one in google_cloud_run_v2_service.this.template[0].containers[0].env : one.name if length(one.value_source) > 0] == ["WORKER_KEY"]
    error_message = "It holds no secret but its own key."
  }
}

run "gpu_with_too_little_cpu" {
  command = plan
  module {
    source = "./modules/worker"
  }
  variables {
    cpu = 2
  }
  expect_failures = [var.accelerator]
}

run "gpu_with_too_little_memory" {
  command = plan
  module {
    source = "./modules/worker"
  }
  variables {
    memory_gib = 8
  }
  expect_failures = [var.accelerator]
}

run "worker_for_anyone" {
  command = plan
  module {
    source = "./modules/worker"
  }
  variables {
    dispatcher = "allUsers"
  }
  expect_failures = [var.dispatcher]
}

run "queue" {
  command = plan
  module {
    source = "./modules/queue"
  }
  assert {
    condition     = google_cloud_tasks_queue.this.retry_config[0].max_attempts == -1 && google_cloud_tasks_queue.this.retry_config[0].min_backoff == "2s" && google_cloud_tasks_queue.this.retry_config[0].max_backoff == "60s"
    error_message = "It tries without end, at the map's pace."
  }
  assert {
    condition     = google_cloud_tasks_queue.this.rate_limits[0].max_concurrent_dispatches == 12
    error_message = "It lets through what its workers hold."
  }
  assert {
    condition     = google_cloud_tasks_queue.this.http_target[0].oidc_token[0].audience == "sdxl-queue.workers" && google_cloud_tasks_queue.this.http_target[0].oidc_token[0].service_account_email == "dispatch-sdxl-queue@test-project.iam.gserviceaccount.com"
    error_message = "It says who calls, and for whom."
  }
}

run "queue_without_a_pause" {
  command = plan
  module {
    source = "./modules/queue"
  }
  variables {
    min_backoff_seconds = 0
  }
  expect_failures = [var.min_backoff_seconds]
}
