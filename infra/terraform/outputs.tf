output "functions_url" {
  description = "The base URL of the functions."
  value       = local.functions_url
}

output "address" {
  description = "The IP address for the domain's A record."
  value       = module.load_balancer.address
}

output "registry" {
  description = "The registry that `make images` pushes to."
  value       = module.registry.address
}

output "project" {
  description = "The Google Cloud project."
  value       = var.project
}

output "region" {
  description = "The region of all resources."
  value       = var.region
}

output "operator_job" {
  description = "The job that `make migrate` executes."
  value       = module.operator.name
}

output "workers" {
  description = "Each worker's values for its registration by `python -m infra.admin worker`."
  value = {
    for id, one in module.worker : id => {
      type  = var.workers[id].type
      url   = one.url
      slots = var.workers[id].max_instances * var.workers[id].slots
    }
  }
}

output "database_instance" {
  description = "The Postgres server, for gcloud sql."
  value       = module.database.instance
}
