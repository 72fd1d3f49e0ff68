variable "project" {
  description = "The Google Cloud project's id."
  type        = string
}

variable "region" {
  description = "Where everything runs. It must have nvidia-l4 on Cloud Run."
  type        = string
}

variable "domain" {
  description = "The host name that clients call, such as api.example.com; its A record is yours to set."
  type        = string
}

variable "origins" {
  description = "The web origins whose browsers may fetch and upload files."
  type        = list(string)
  default     = ["*"]
}

variable "jwt" {
  description = "Who issues users' tokens. Its keys are public: no function can forge a token."
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
  description = "A server of the OpenAI protocol; null where there is none."
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
  description = "Jobs sent to a worker beyond its slots, so that it never idles between two."
  type        = number
  default     = 1
}

variable "workers" {
  description = "The GPU workers that run here, by the id of their key."
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
  description = "Slots of workers that run elsewhere and register, their look-ahead included, by queue."
  type        = map(number)
  default     = {}
}

variable "worker_hosts" {
  description = "Host suffixes at which a worker may register; the workers here need .run.app."
  type        = list(string)
  default     = [".run.app"]
}

variable "instances_cap" {
  description = "No endpoint has more instances than this, whatever the map says; null for the map's own."
  type        = number
  default     = null
}

variable "min_instances" {
  description = "Instances that are kept warm, by endpoint. Each is paid for day and night."
  type        = map(number)
  default     = {}
}

variable "database" {
  description = "The Postgres server: its machine, and how many connections it takes."
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
  description = "What one address may ask of the load balancer in a minute."
  type        = number
  default     = 1200
}

variable "image_tag" {
  description = "Which build of the images to run; `make images` tells it."
  type        = string
}

variable "alert_emails" {
  description = "Who is told when a promise is broken."
  type        = list(string)
  default     = []
}

variable "runbooks" {
  description = "Where docs/operations/runbooks can be read, for the alerts."
  type        = string
  default     = "docs/operations/runbooks"
}
