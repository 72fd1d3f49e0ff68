output "functions_url" {
  description = "Where the functions are reached."
  value       = local.functions_url
}

output "address" {
  description = "What the domain's A record names."
  value       = module.load_balancer.address
}

output "registry" {
  description = "Where `make images` pushes to."
  value       = module.registry.address
}

output "project" {
  description = "The project that it is in."
  value       = var.project
}

output "region" {
  description = "Where it all runs."
  value       = var.region
}

output "operator_job" {
  description = "The job that `make migrate` executes."
  value       = module.operator.name
}

output "workers" {
  description = "What the registry of workers is to know of each worker here: `python -m infra.admin worker`."
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
