output "service" {
  description = "The Cloud Run service under it, for the load balancer."
  value       = google_cloudfunctions2_function.this.name
}

output "email" {
  value = module.identity.email
}

output "login" {
  value = module.identity.login
}
