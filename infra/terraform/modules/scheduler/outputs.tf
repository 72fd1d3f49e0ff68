output "email" {
  value = local.email
}
