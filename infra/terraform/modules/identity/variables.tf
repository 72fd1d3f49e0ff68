variable "name" {
  description = "The endpoint's public name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,26}$", var.name))
    error_message = "An account's name has 30 characters at most, and fn- is three of them."
  }
}

variable "region" {
  type = string
}

variable "access" {
  description = "The endpoint's access in the manifest: secrets' ids by setting, buckets with read or write, queues, the database's instance or null."
  type = object({
    project  = string
    secrets  = map(string)
    buckets  = map(string)
    queues   = list(string)
    database = optional(string)
  })

  validation {
    condition     = alltrue([for access in values(var.access.buckets) : contains(["read", "write"], access)])
    error_message = "A bucket is for read or write."
  }
}
