output "account" {
  description = "The account's full resource name, as builds need it."
  value       = "projects/${var.project}/serviceAccounts/${local.email}"
  depends_on = [
    google_artifact_registry_repository_iam_member.writes,
    google_project_iam_member.logs,
    google_storage_bucket_iam_member.reads,
  ]
}

output "repository" {
  value = google_artifact_registry_repository.this.id
}
