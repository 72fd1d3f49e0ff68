output "url" {
  value = google_cloud_run_v2_service.this.uri
}

output "email" {
  value = local.email
}
