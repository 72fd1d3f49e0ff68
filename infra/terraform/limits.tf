# Checks of limits that the cloud would report late or not at all. Each fails the plan.
resource "terraform_data" "limits" {
  input = local.connections_needed

  lifecycle {
    precondition {
      # Of the 20, 3 are reserved for superusers; the rest is for migrations, operator and agents.
      condition     = local.connections_needed <= var.database.connections - 20
      error_message = "The endpoints' pools need ${local.connections_needed} connections, and Postgres takes ${var.database.connections}, of which 20 are kept back: lower instances_cap or database.connections_a_function."
    }
    precondition {
      condition     = alltrue([for name, one in local.endpoints : one.timeout_seconds >= 1 && one.timeout_seconds <= 3600])
      error_message = "A request may last 3600 seconds at most."
    }
    precondition {
      condition     = local.endpoints["sweep-jobs"].timeout_seconds <= 1800
      error_message = "Cloud Scheduler waits 1800 seconds at most."
    }
    precondition {
      condition     = length(setsubtract(keys(var.min_instances), keys(local.endpoints))) == 0
      error_message = "min_instances names an endpoint that the map does not have."
    }
    precondition {
      condition     = alltrue([for name, concurrency in local.queue_concurrency : concurrency <= local.map.queues[name].max_concurrent])
      error_message = "A queue's workers take more at once than the map allows the queue."
    }
    precondition {
      condition     = length(setintersection(local.not_settable, keys(var.settings))) == 0
      error_message = "settings may not set ${join(", ", local.not_settable)}: those are secrets, or belong to the local system."
    }
  }
}

locals {
  not_settable = [
    "LOCAL_SYSTEM", "DATABASE_URL", "JWT_SECRET", "WORKER_KEYS", "URL_TOKEN_SECRET", "CHAT_API_KEY",
    "STORAGE_EMULATOR_HOST", "TASKS_EMULATOR_HOST", "SIGNING_KEY_FILE",
  ]

  # A queue dispatches as many tasks as its workers accept: their slots and prefetched jobs.
  queue_concurrency = {
    for name in keys(local.map.queues) : name => max(1, sum(concat(
      [try(var.other_slots[name], 0)],
      [for id, one in var.workers : one.max_instances * (one.slots + var.prefetch_jobs) if one.queue == name],
    )))
  }
}
