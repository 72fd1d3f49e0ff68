variable "domain" {
  type = string

  validation {
    condition     = can(regex("^[a-z0-9.-]+\\.[a-z]{2,}$", var.domain))
    error_message = "A host name, without a scheme or a path."
  }
}

variable "region" {
  type = string
}

variable "requests_per_minute" {
  type = number

  validation {
    condition     = var.requests_per_minute >= 60 && var.requests_per_minute <= 1000000
    error_message = "60 to 1000000."
  }
}

variable "backends" {
  description = "Each public endpoint's Cloud Run service and path prefixes."
  type        = map(object({ service = string, prefixes = list(string) }))
}
