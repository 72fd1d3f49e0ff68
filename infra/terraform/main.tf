resource "google_project_service" "api" {
  for_each = toset([
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudscheduler.googleapis.com",
    "cloudtasks.googleapis.com",
    "compute.googleapis.com",
    "iamcredentials.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "servicenetworking.googleapis.com",
    "sqladmin.googleapis.com",
    "storage.googleapis.com",
  ])
  service            = each.key
  disable_on_destroy = false
}

module "network" {
  source     = "./modules/network"
  region     = var.region
  depends_on = [google_project_service.api]
}

module "registry" {
  source     = "./modules/registry"
  region     = var.region
  project    = var.project
  depends_on = [google_project_service.api]
}

module "secret" {
  source   = "./modules/secret"
  for_each = toset(concat(local.every_secret, [for id in keys(var.workers) : "WORKER_KEY_${upper(id)}"]))
  name     = each.key
  # A removed worker's key is deleted with it.
  is_protected = contains(local.every_secret, each.key)
  region       = var.region
  depends_on   = [google_project_service.api]
}

module "bucket" {
  source            = "./modules/bucket"
  for_each          = local.map.buckets
  name              = "${var.project}-${each.key}"
  region            = var.region
  origins           = var.origins
  delete_after_days = try(each.value.delete_after_days, null)
  depends_on        = [google_project_service.api]
}

module "bundles" {
  source     = "./modules/bucket"
  name       = "${var.project}-bundles"
  region     = var.region
  depends_on = [google_project_service.api]
}

module "builder" {
  source         = "./modules/builder"
  project        = var.project
  region         = var.region
  bundles_bucket = module.bundles.name
  depends_on     = [google_project_service.api]
}

module "weights" {
  source     = "./modules/bucket"
  name       = "${var.project}-weights"
  region     = var.region
  depends_on = [google_project_service.api]
}

module "database" {
  source       = "./modules/database"
  name         = var.database.instance
  region       = var.region
  network      = module.network.network
  tier         = var.database.tier
  connections  = var.database.connections
  availability = var.database.availability
  disk_gib     = var.database.disk_gib
  postgres     = var.database.version
  is_protected = var.database.is_protected
  depends_on   = [module.network, google_project_service.api]
}

module "queue" {
  source              = "./modules/queue"
  project             = var.project
  for_each            = local.map.queues
  name                = each.key
  region              = var.region
  min_backoff_seconds = each.value.min_backoff_seconds
  max_backoff_seconds = each.value.max_backoff_seconds
  max_concurrent      = local.queue_concurrency[each.key]
  depends_on          = [google_project_service.api]
}

module "scheduler" {
  source          = "./modules/scheduler"
  project         = var.project
  region          = var.region
  url             = local.sweep_url
  timeout_seconds = local.endpoints["sweep-jobs"].timeout_seconds
  depends_on      = [google_project_service.api]
}
