# An endpoint's account and its access. On the project it is granted only the connection to the
# database.
resource "google_service_account" "this" {
  account_id   = "fn-${var.name}"
  display_name = "The endpoint ${var.name}"
}

locals {
  # Built from the name and the project, so that a plan shows all members.
  email  = "${google_service_account.this.account_id}@${var.access.project}.iam.gserviceaccount.com"
  member = "serviceAccount:${local.email}"
  login  = trimsuffix(local.email, ".gserviceaccount.com")
}

resource "google_secret_manager_secret_iam_member" "reads" {
  for_each  = var.access.secrets
  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = local.member
}

resource "google_storage_bucket_iam_member" "files" {
  for_each = var.access.buckets
  bucket   = each.key
  role     = each.value == "write" ? "roles/storage.objectUser" : "roles/storage.objectViewer"
  member   = local.member
}

# URLs are signed through IAM by the account itself, so there is no key file.
resource "google_service_account_iam_member" "signs" {
  count              = length(var.access.buckets) > 0 ? 1 : 0
  service_account_id = "projects/${var.access.project}/serviceAccounts/${local.email}"
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.member
}

resource "google_cloud_tasks_queue_iam_member" "enqueues" {
  for_each = toset(var.access.queues)
  name     = each.key
  location = var.region
  role     = "roles/cloudtasks.enqueuer"
  member   = local.member
}

resource "google_project_iam_member" "database" {
  for_each = toset(var.access.database == null ? [] : ["roles/cloudsql.client", "roles/cloudsql.instanceUser"])
  project  = var.access.project
  role     = each.key
  member   = local.member

  condition {
    title      = "this instance alone"
    expression = "resource.name == \"projects/${var.access.project}/instances/${coalesce(var.access.database, "none")}\" && resource.type == \"sqladmin.googleapis.com/Instance\""
  }
}

# It logs in as itself, with a token of its account; it owns no tables and inherits no roles.
resource "google_sql_user" "this" {
  count    = var.access.database == null ? 0 : 1
  instance = var.access.database
  name     = local.login
  type     = "CLOUD_IAM_SERVICE_ACCOUNT"
}
