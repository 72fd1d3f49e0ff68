output "email" {
  value = local.email
}

output "login" {
  description = "Whom Postgres knows it as; null without a database."
  value       = var.access.database == null ? null : local.login
}
