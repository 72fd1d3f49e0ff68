variable "project" {
  description = "The Google Cloud project's id."
  type        = string
}

variable "region" {
  description = "The region of all resources. It must have nvidia-l4 on Cloud Run."
  type        = string
}

variable "domain" {
  description = "The host name of the API, such as api.example.com; you must set its A record."
  type        = string
}

variable "origins" {
  description = "The web origins whose browsers may fetch and upload files."
  type        = list(string)
  default     = ["*"]
}

variable "jwt" {
  description = "The issuer of users' tokens. Functions only have its public keys, so they cannot forge a token."
  type = object({
    issuer    = string
    jwks_url  = string
    audience  = optional(string, "authenticated")
    algorithm = optional(string, "ES256")
  })

  validation {
    condition     = contains(["ES256", "RS256", "EdDSA"], var.jwt.algorithm) && startswith(var.jwt.jwks_url, "https://")
    error_message = "In the cloud tokens are checked by public keys: ES256, RS256 or EdDSA, and a jwks_url by https."
  }
}

variable "chat" {
  description = "A chat server with the OpenAI protocol; null for none."
  type = object({
    url     = string
    models  = optional(map(string), {})
    has_key = optional(bool, false)
  })
  default = null
}

variable "settings" {
  description = "Further settings of the functions, by the names of shared/settings.py, such as STARTING_CREDITS."
  type        = map(string)
  default     = {}
}

variable "prefetch_jobs" {
  description = "Jobs sent to a worker in addition to its slots, so that it does not idle between two jobs."
  type        = number
  default     = 1
}

variable "workers" {
  description = "The GPU workers in this deployment, by worker id."
  type = map(object({
    type          = string
    queue         = string
    settings      = optional(map(string), {})
    max_instances = optional(number, 1)
    slots         = optional(number, 1)
    cpu           = optional(number, 4)
    memory_gib    = optional(number, 16)
    accelerator   = optional(string, "nvidia-l4")
  }))
  default = {}

  validation {
    condition     = alltrue([for id, one in var.workers : contains(keys(local.map.queues), one.queue)])
    error_message = "A worker serves a queue that the map does not have."
  }
}

variable "other_slots" {
  description = "Slots and prefetched jobs of registered workers that run elsewhere, by queue."
  type        = map(number)
  default     = {}
}

variable "worker_hosts" {
  description = "Allowed host suffixes of registered workers' URLs; the workers in this deployment need .run.app."
  type        = list(string)
  default     = [".run.app"]
}

variable "instances_cap" {
  description = "Maximum number of instances of each endpoint, if lower than the manifest's; null for the manifest's."
  type        = number
  default     = null
}

variable "min_instances" {
  description = "Minimum number of instances, by endpoint. They are billed all the time."
  type        = map(number)
  default     = {}
}

variable "database" {
  description = "The Postgres server: its machine type, and its maximum number of connections."
  type = object({
    instance               = optional(string, "ourvidz")
    tier                   = string
    connections            = number
    connections_a_function = optional(number, 3)
    availability           = optional(string, "ZONAL")
    disk_gib               = optional(number, 20)
    version                = optional(string, "POSTGRES_17")
    is_protected           = optional(bool, true)
  })
}

variable "requests_per_minute" {
  description = "Maximum number of requests per minute from one IP address."
  type        = number
  default     = 1200
}

variable "image_tag" {
  description = "The tag of the images to run, as `make images` set it."
  type        = string
}

variable "alert_emails" {
  description = "The recipients of alerts."
  type        = list(string)
  default     = []
}

variable "runbooks" {
  description = "The base path or URL of docs/operations/runbooks, for links in alerts."
  type        = string
  default     = "docs/operations/runbooks"
}
