output "alerts" {
  description = "The names of the alerts' runbooks."
  value       = concat(keys(local.alerts), ["silence"])
}
