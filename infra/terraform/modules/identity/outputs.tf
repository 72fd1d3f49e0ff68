output "email" {
  value = local.email
}

output "login" {
  description = "The account's login in Postgres; null without a database."
  value       = var.access.database == null ? null : local.login
}
