locals {
  map       = yamldecode(file("${path.root}/../services.yaml"))
  functions = local.map.functions
  services  = local.map.services
  # The fields that functions and services share.
  endpoints = {
    for name, one in merge(local.functions, local.services) : name => {
      caller          = one.caller
      prefixes        = compact([contains(keys(local.functions), name) ? "/functions/v1/${name}" : null, try(one.mount, null)])
      secrets         = try(one.secrets, [])
      buckets         = try(one.buckets, {})
      queues          = try(one.queues, [])
      timeout_seconds = one.timeout_seconds
      instances       = one.instances
    }
  }

  # Settings that are not secrets in the cloud: the functions log in to Postgres by IAM, and users'
  # tokens are verified with their issuer's public keys.
  not_secret = ["DATABASE_URL", "JWT_SECRET"]
  optional   = try(var.chat.has_key, false) ? [] : ["CHAT_API_KEY"]
  secrets = {
    for name, one in local.endpoints : name => [
      for secret in one.secrets : secret
      if !contains(concat(local.not_secret, local.optional), secret)
    ]
  }
  every_secret = distinct(concat(flatten(values(local.secrets)), ["DATABASE_OWNER_URL"]))

  instances = {
    for name, one in local.endpoints : name => {
      min = try(var.min_instances[name], one.instances.min)
      max = var.instances_cap == null ? one.instances.max : min(var.instances_cap, one.instances.max)
    }
  }
  # Each process has its connection pool and at most two LISTEN connections.
  connections_needed = sum([for name, one in local.instances : one.max * (var.database.connections_a_function + 2)])

  functions_url = "https://${var.domain}/functions/v1"
  # Known before the function exists, and stable as long as its name does not change.
  sweep_url = "https://sweep-jobs-${data.google_project.this.number}.${var.region}.run.app"

  bucket_setting = { "workspace-temp" = "WORKSPACE_BUCKET", "user-library" = "LIBRARY_BUCKET" }

  settings = merge(
    {
      DATABASE_CONNECTIONS   = tostring(var.database.connections_a_function)
      JWT_ISSUER             = var.jwt.issuer
      JWT_JWKS_URL           = var.jwt.jwks_url
      JWT_ALGORITHM          = var.jwt.algorithm
      JWT_AUDIENCE           = var.jwt.audience
      SCHEDULER_EMAIL        = module.scheduler.email
      SCHEDULER_AUDIENCE     = local.sweep_url
      WORKER_HOSTS           = jsonencode(var.worker_hosts)
      PREFETCH_JOBS          = tostring(var.prefetch_jobs)
      FUNCTIONS_URL          = local.functions_url
      TASKS_PROJECT          = var.project
      GOOGLE_CLOUD_PROJECT   = var.project # log lines refer to this project's traces
      TASKS_LOCATION         = var.region
      MAX_CLIENT_CONNECTIONS = "900" # below Cloud Run's limit of 1,000 per instance
      FORWARDED_ENTRIES      = "2"   # the load balancer adds the client's address and its address
    },
    { for role, setting in local.bucket_setting : setting => module.bucket[role].name },
    var.chat == null ? {} : { CHAT_URL = var.chat.url, CHAT_MODELS = jsonencode(var.chat.models) },
    var.settings,
  )
}

data "google_project" "this" {
  project_id = var.project
}
