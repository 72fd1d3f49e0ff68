output "name" {
  value = google_cloud_tasks_queue.this.name
}

output "email" {
  description = "The account as which it calls."
  value       = local.email
}

output "audience" {
  description = "For whom its tokens are made."
  value       = local.audience
}
