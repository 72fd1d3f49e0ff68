# A single endpoint: a function, and a service.
mock_provider "google" {}

variables {
  name   = "queue-job"
  region = "europe-west4"
  access = {
    project  = "test-project"
    secrets  = { WORKER_KEYS = "worker-keys" }
    buckets  = { "test-workspace-temp" = "write", "test-user-library" = "read" }
    queues   = ["sdxl-queue"]
    database = "ourvidz"
  }
  settings        = { PREFETCH_JOBS = "1" }
  database        = { host = "10.0.0.3", name = "ourvidz" }
  subnetwork      = "projects/test-project/regions/europe-west4/subnetworks/ourvidz"
  memory          = "512Mi"
  timeout_seconds = 60
  concurrency     = 40
  instances       = { max = 5 }

  # Variables of a function.
  bundle         = "./versions.tf"
  bundles_bucket = "test-bundles"
  builder        = { account = "projects/test-project/serviceAccounts/builder@test-project.iam.gserviceaccount.com", repository = "functions" }
  is_public      = true

  # Variables of a service.
  image = "europe-west4-docker.pkg.dev/test-project/ourvidz/realtime:test"
}

run "function" {
  command = plan
  module {
    source = "./modules/function"
  }
  assert {
    condition     = google_cloudfunctions2_function.this.service_config[0].service_account_email == "fn-queue-job@test-project.iam.gserviceaccount.com"
    error_message = "It runs as its own account."
  }
  assert {
    condition     = google_cloudfunctions2_function.this.service_config[0].min_instance_count == 0 && google_cloudfunctions2_function.this.service_config[0].max_instance_count == 5
    error_message = "It scales to zero, and not beyond what it is given."
  }
  assert {
    condition     = google_cloudfunctions2_function.this.service_config[0].ingress_settings == "ALLOW_INTERNAL_AND_GCLB"
    error_message = "From outside it is reached through the load balancer alone."
  }
  assert {
    condition     = google_cloudfunctions2_function.this.service_config[0].environment_variables["DATABASE_URL"] == "postgresql://fn-queue-job%40test-project.iam@10.0.0.3:5432/ourvidz?sslmode=require"
    error_message = "It logs in as itself, without a password."
  }
  assert {
    condition     = [for one in google_cloudfunctions2_function.this.service_config[0].secret_environment_variables : one.key] == ["WORKER_KEYS"]
    error_message = "It is given the secrets that the map names."
  }
  assert {
    condition     = google_storage_bucket_object.bundle.name == "queue-job-${filesha256("./versions.tf")}.zip"
    error_message = "A bundle is named by what it holds."
  }
  assert {
    condition     = google_cloud_run_v2_service_iam_member.anyone.role == "roles/run.invoker"
    error_message = "Callers only have the invoker role."
  }
}

run "function_of_the_scheduler" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    is_public = false
  }
  assert {
    condition     = google_cloudfunctions2_function.this.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
    error_message = "What the scheduler calls is not reached from outside at all."
  }
}

run "identity" {
  command = plan
  module {
    source = "./modules/identity"
  }
  assert {
    condition     = { for bucket, one in google_storage_bucket_iam_member.files : bucket => one.role } == { "test-workspace-temp" = "roles/storage.objectUser", "test-user-library" = "roles/storage.objectViewer" }
    error_message = "It reads or writes the map's buckets, as the map says."
  }
  assert {
    condition     = [for one in google_cloud_tasks_queue_iam_member.enqueues : "${one.name} ${one.role}"] == ["sdxl-queue roles/cloudtasks.enqueuer"]
    error_message = "It enqueues to the map's queues, and may not see or change them."
  }
  assert {
    condition     = [for one in google_secret_manager_secret_iam_member.reads : "${one.secret_id} ${one.role}"] == ["worker-keys roles/secretmanager.secretAccessor"]
    error_message = "It reads the map's secrets."
  }
  assert {
    condition     = google_service_account_iam_member.signs[0].role == "roles/iam.serviceAccountTokenCreator" && endswith(google_service_account_iam_member.signs[0].service_account_id, "/fn-queue-job@test-project.iam.gserviceaccount.com")
    error_message = "It signs only as its own account."
  }
  assert {
    condition     = [for one in google_project_iam_member.database : one.role] == ["roles/cloudsql.client", "roles/cloudsql.instanceUser"]
    error_message = "On the project it is Cloud SQL's client, and nothing else."
  }
  assert {
    condition     = alltrue([for one in google_project_iam_member.database : strcontains(one.condition[0].expression, "projects/test-project/instances/ourvidz")])
    error_message = "On the project it may only use the one database."
  }
  assert {
    condition     = google_sql_user.this[0].type == "CLOUD_IAM_SERVICE_ACCOUNT" && google_sql_user.this[0].name == "fn-queue-job@test-project.iam"
    error_message = "Postgres knows it by its account."
  }
}

run "identity_of_one_that_needs_nothing" {
  command = plan
  module {
    source = "./modules/identity"
  }
  variables {
    access = { project = "test-project", secrets = {}, buckets = {}, queues = [] }
  }
  assert {
    condition     = length(google_project_iam_member.database) + length(google_sql_user.this) + length(google_service_account_iam_member.signs) == 0
    error_message = "What the map does not name is not given."
  }
}

run "service" {
  command = plan
  module {
    source = "./modules/service"
  }
  variables {
    name            = "realtime"
    timeout_seconds = 3600
    concurrency     = 1000
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].max_instance_request_concurrency == 1000 && google_cloud_run_v2_service.this.template[0].timeout == "3600s"
    error_message = "A thousand connections an instance, each for an hour."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].scaling[0].min_instance_count == 0 && google_cloud_run_v2_service.this.template[0].service_account == "fn-realtime@test-project.iam.gserviceaccount.com"
    error_message = "It scales to zero and runs as its own account."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.ingress == "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
    error_message = "From outside it is reached through the load balancer alone."
  }
}

run "function_that_lasts_too_long" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    timeout_seconds = 3601
  }
  expect_failures = [var.timeout_seconds]
}

run "service_that_lasts_too_long" {
  command = plan
  module {
    source = "./modules/service"
  }
  variables {
    timeout_seconds = 7200
    concurrency     = 1000
  }
  expect_failures = [var.timeout_seconds]
}

run "more_kept_warm_than_there_may_be" {
  command = plan
  module {
    source = "./modules/function"
  }
  variables {
    instances = { min = 6, max = 5 }
  }
  expect_failures = [var.instances]
}
