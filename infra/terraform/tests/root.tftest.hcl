# The complete deployment of an environment: `terraform test -var-file=environments/...`.
mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  image_tag = "test"
}

run "whole" {
  command = plan

  assert {
    condition     = keys(module.function) == keys(local.map.functions) && keys(module.service) == keys(local.map.services)
    error_message = "Each endpoint of the map is deployed, and nothing else."
  }
  assert {
    condition     = alltrue([for name, one in local.instances : one.min == 0])
    error_message = "By default nothing is kept warm: it would be paid for day and night."
  }
  assert {
    condition     = terraform_data.limits.input <= var.database.connections - 20
    error_message = "The pools fit into Postgres."
  }
  assert {
    condition     = length(distinct([for one in concat(values(module.function), values(module.service)) : one.email])) == length(local.endpoints)
    error_message = "Each endpoint has an account of its own."
  }
  assert {
    condition     = keys(module.queue) == keys(local.map.queues) && keys(module.bucket) == keys(local.map.buckets)
    error_message = "The map's queues and buckets are made."
  }
  assert {
    condition = alltrue([
      for name, concurrency in local.queue_concurrency : concurrency == max(1, try(var.other_slots[name], 0) + sum(concat([0], [
        for id, one in var.workers : one.max_instances * (one.slots + var.prefetch_jobs) if one.queue == name
      ])))
    ])
    error_message = "A queue lets through what its workers' slots and look-ahead hold."
  }
  assert {
    condition     = local.settings.SCHEDULER_EMAIL == module.scheduler.email && local.settings.SCHEDULER_AUDIENCE == local.sweep_url
    error_message = "sweep-jobs believes the scheduler's account, and tokens that were made for it."
  }
  assert {
    condition     = alltrue([for one in local.services : tonumber(local.settings.MAX_CLIENT_CONNECTIONS) < one.concurrency])
    error_message = "A new connection must reach the process that makes room for it."
  }

  assert {
    condition     = local.settings.FUNCTIONS_URL == "https://${var.domain}/functions/v1"
    error_message = "Workers and signed addresses name the load balancer."
  }
}
