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

variable "memory" {
  type = string
}

variable "timeout_seconds" {
  type = number

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 3600
    error_message = "A request may last 3600 seconds at most."
  }
}

variable "concurrency" {
  description = "Maximum number of concurrent connections of an instance; an open WebSocket counts as one."
  type        = number
}

variable "instances" {
  type = object({ min = optional(number, 0), max = number })

  validation {
    condition     = var.instances.min <= var.instances.max && var.instances.max >= 1
    error_message = "instances.max must be at least 1 and at least instances.min."
  }
}

variable "image" {
  type = string
}
