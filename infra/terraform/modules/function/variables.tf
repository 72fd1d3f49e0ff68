variable "name" {
  type = string
}

variable "region" {
  type = string
}

variable "access" {
  description = "The access that modules/identity grants."
  type = object({
    project  = string
    secrets  = map(string)
    buckets  = map(string)
    queues   = list(string)
    database = optional(string)
  })
}

variable "settings" {
  description = "Settings of shared/settings.py, without secrets and the database."
  type        = map(string)
}

variable "database" {
  description = "Postgres's host and the database's name."
  type        = object({ host = string, name = string })
}

variable "subnetwork" {
  type = string
}

variable "bundle" {
  description = "The path of the zip that `make bundle` wrote."
  type        = string
}

variable "bundles_bucket" {
  type = string
}

variable "builder" {
  description = "The account that builds the function, and the repository of its images."
  type        = object({ account = string, repository = string })
}

variable "memory" {
  type = string
}

variable "timeout_seconds" {
  type = number

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 3600
    error_message = "A function's request may last 3600 seconds at most."
  }
}

variable "concurrency" {
  description = "Maximum number of concurrent requests of an instance."
  type        = number
}

variable "instances" {
  type = object({ min = optional(number, 0), max = number })

  validation {
    condition     = var.instances.min <= var.instances.max && var.instances.max >= 1
    error_message = "instances.max must be at least 1 and at least instances.min."
  }
}

variable "is_public" {
  description = "Whether the load balancer may call the function."
  type        = bool
}
