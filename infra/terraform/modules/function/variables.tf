variable "name" {
  type = string
}

variable "region" {
  type = string
}

variable "access" {
  description = "As modules/identity takes it."
  type = object({
    project  = string
    secrets  = map(string)
    buckets  = map(string)
    queues   = list(string)
    database = optional(string)
  })
}

variable "settings" {
  description = "What shared/settings.py reads, but for secrets and the database."
  type        = map(string)
}

variable "database" {
  description = "Where Postgres is."
  type        = object({ host = string, name = string })
}

variable "subnetwork" {
  type = string
}

variable "bundle" {
  description = "The zip that `make bundle` wrote."
  type        = string
}

variable "bundles_bucket" {
  type = string
}

variable "builder" {
  description = "Who builds it, and where its container is kept."
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
  description = "Requests that one instance answers at the same time."
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
  description = "Whether the load balancer may reach it."
  type        = bool
}
