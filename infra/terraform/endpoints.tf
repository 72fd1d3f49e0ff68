# All endpoints of the manifest: functions, built from bundles, and services, which are containers.
locals {
  about = {
    for name, one in local.endpoints : name => {
      project  = var.project
      secrets  = { for secret in local.secrets[name] : secret => module.secret[secret].id }
      buckets  = { for role, access in one.buckets : module.bucket[role].name => access }
      queues   = [for queue in one.queues : module.queue[queue].name]
      database = contains(one.secrets, "DATABASE_URL") ? module.database.instance : null
    }
  }
}

module "function" {
  source          = "./modules/function"
  for_each        = local.functions
  name            = each.key
  region          = var.region
  access          = local.about[each.key]
  settings        = local.settings
  database        = module.database.place
  subnetwork      = module.network.subnetwork
  bundle          = "${path.root}/../../dist/${each.key}.zip"
  bundles_bucket  = module.bundles.name
  builder         = { account = module.builder.account, repository = module.builder.repository }
  memory          = each.value.memory
  timeout_seconds = each.value.timeout_seconds
  # An endpoint with a timeout of an hour serves streams, which mostly wait.
  concurrency = each.value.timeout_seconds >= 3600 ? 1000 : 40
  instances   = local.instances[each.key]
  is_public   = each.value.caller != "scheduler"
  depends_on  = [google_project_service.api]
}

module "service" {
  source          = "./modules/service"
  for_each        = local.services
  name            = each.key
  region          = var.region
  access          = local.about[each.key]
  settings        = local.settings
  database        = module.database.place
  subnetwork      = module.network.subnetwork
  image           = "${module.registry.address}/${each.key}:${var.image_tag}"
  memory          = each.value.memory
  concurrency     = each.value.concurrency
  timeout_seconds = each.value.timeout_seconds
  instances       = local.instances[each.key]
  depends_on      = [google_project_service.api]
}

module "worker" {
  source         = "./modules/worker"
  for_each       = var.workers
  id             = each.key
  project        = var.project
  region         = var.region
  image          = "${module.registry.address}/${each.value.type}:${var.image_tag}"
  settings       = each.value.settings
  functions_url  = local.functions_url
  key_secret     = module.secret["WORKER_KEY_${upper(each.key)}"].id
  weights_bucket = module.weights.name
  dispatcher     = module.queue[each.value.queue].email
  audience       = module.queue[each.value.queue].audience
  slots          = each.value.slots
  prefetch_jobs  = var.prefetch_jobs
  max_instances  = each.value.max_instances
  cpu            = each.value.cpu
  memory_gib     = each.value.memory_gib
  accelerator    = each.value.accelerator
  depends_on     = [google_project_service.api]
}

module "operator" {
  source       = "./modules/operator"
  project      = var.project
  region       = var.region
  image        = "${module.registry.address}/operator:${var.image_tag}"
  subnetwork   = module.network.subnetwork
  owner_secret = module.secret["DATABASE_OWNER_URL"].id
  settings     = local.settings
  buckets      = [for role in keys(local.map.buckets) : module.bucket[role].name]
  logins       = [for one in concat(values(module.function), values(module.service)) : one.login if one.login != null]
  depends_on   = [google_project_service.api]
}

module "load_balancer" {
  source              = "./modules/load_balancer"
  domain              = var.domain
  region              = var.region
  requests_per_minute = var.requests_per_minute
  backends = {
    for name, one in local.endpoints : name => {
      service  = try(module.function[name].service, module.service[name].service)
      prefixes = one.prefixes
    } if one.caller != "scheduler"
  }
  depends_on = [google_project_service.api]
}

module "monitoring" {
  source     = "./modules/monitoring"
  emails     = var.alert_emails
  runbooks   = var.runbooks
  depends_on = [google_project_service.api]
}
