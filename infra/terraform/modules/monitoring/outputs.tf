output "alerts" {
  description = "The runbook pages that alerts name."
  value       = concat(keys(local.alerts), ["sweep-not-running"])
}
