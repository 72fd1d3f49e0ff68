output "name" {
  value = google_cloud_tasks_queue.this.name
}

output "email" {
  description = "The account with which the queue calls its workers."
  value       = local.email
}

output "audience" {
  description = "The audience of the queue's tokens."
  value       = local.audience
}
