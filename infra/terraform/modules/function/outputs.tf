output "service" {
  description = "The function's Cloud Run service, for the load balancer."
  value       = google_cloudfunctions2_function.this.name
}

output "email" {
  value = module.identity.email
}

output "login" {
  value = module.identity.login
}
