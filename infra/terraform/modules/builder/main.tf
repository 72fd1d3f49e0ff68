# The account that builds containers from bundles: it reads bundles and writes images, nothing else.
resource "google_service_account" "this" {
  account_id   = "builder"
  display_name = "Builds the functions"
}

locals {
  email  = "${google_service_account.this.account_id}@${var.project}.iam.gserviceaccount.com"
  member = "serviceAccount:${local.email}"
}

# Separate from our images' repository, whose tags are immutable: the build moves its tags.
resource "google_artifact_registry_repository" "this" {
  repository_id = "functions"
  location      = var.region
  format        = "DOCKER"

  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"
    most_recent_versions {
      keep_count = 5
    }
  }
}

resource "google_artifact_registry_repository_iam_member" "writes" {
  repository = google_artifact_registry_repository.this.name
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = local.member
}

resource "google_storage_bucket_iam_member" "reads" {
  bucket = var.bundles_bucket
  role   = "roles/storage.objectViewer"
  member = local.member
}

# Cloud Build writes its log as the building account, which needs a role on the project.
resource "google_project_iam_member" "logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = local.member
}
