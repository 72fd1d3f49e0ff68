output "service" {
  description = "The Cloud Run service's name, for the load balancer."
  value       = google_cloud_run_v2_service.this.name
}

output "email" {
  value = module.identity.email
}

output "login" {
  value = module.identity.login
}
