# Configurations that must fail the plan.
mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}

variables {
  image_tag = "test"
  project   = "test-project"
  region    = "europe-west4"
  domain    = "api.example.com"
  jwt       = { issuer = "https://auth.example.com", jwks_url = "https://auth.example.com/jwks.json" }
  database  = { tier = "db-custom-4-16384", connections = 1200 }
  workers   = {}

  instances_cap = 10
}

run "pools_that_postgres_cannot_take" {
  command = plan
  variables {
    database = { tier = "db-custom-1-3840", connections = 100 }
  }
  expect_failures = [terraform_data.limits]
}

run "wider_pools_that_postgres_cannot_take" {
  command = plan
  variables {
    database = { tier = "db-custom-4-16384", connections = 1200, connections_a_function = 50 }
  }
  expect_failures = [terraform_data.limits]
}

run "a_warm_instance_of_an_unknown_endpoint" {
  command = plan
  variables {
    min_instances = { no-such-endpoint = 1 }
  }
  expect_failures = [terraform_data.limits]
}

run "a_warm_instance_that_is_asked_for" {
  command = plan
  variables {
    min_instances = { queue-job = 1 }
  }
  assert {
    condition     = local.instances["queue-job"].min == 1 && local.instances["rest"].min == 0
    error_message = "The one that is named is kept warm, and no other."
  }
}

run "a_worker_of_no_queue" {
  command = plan
  variables {
    workers = { odd = { type = "sdxl", queue = "odd-queue" } }
  }
  expect_failures = [var.workers]
}

run "more_workers_than_the_queue_may_have" {
  command = plan
  variables {
    workers = { sdxl = { type = "sdxl", queue = "sdxl-queue", max_instances = 600 } }
  }
  expect_failures = [terraform_data.limits]
}

run "secrets_among_the_settings" {
  command = plan
  variables {
    settings = { JWT_SECRET = "x" }
  }
  expect_failures = [terraform_data.limits]
}

run "the_local_system_in_the_cloud" {
  command = plan
  variables {
    settings = { LOCAL_SYSTEM = "1" }
  }
  expect_failures = [terraform_data.limits]
}

run "tokens_by_a_shared_secret" {
  command = plan
  variables {
    jwt = { issuer = "https://auth.example.com", jwks_url = "https://auth.example.com/jwks.json", algorithm = "HS256" }
  }
  expect_failures = [var.jwt]
}

run "two_workers_of_one_queue" {
  command = plan
  variables {
    prefetch_jobs = 2
    other_slots   = { sdxl-queue = 5 }
    workers = {
      one = { type = "sdxl", queue = "sdxl-queue", max_instances = 3, slots = 2 }
      two = { type = "sdxl", queue = "sdxl-queue" }
    }
  }
  assert {
    # 5 elsewhere, 3 instances of 2 slots and 2 ahead, 1 of 1 slot and 2 ahead.
    condition     = local.queue_concurrency["sdxl-queue"] == 5 + 12 + 3 && local.queue_concurrency["wan-queue"] == 1
    error_message = "A queue's concurrency is the sum of its workers'."
  }
}
