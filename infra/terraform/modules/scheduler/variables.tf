variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "url" {
  description = "The URL to call, which is also the token's audience."
  type        = string
}

variable "timeout_seconds" {
  type = number

  validation {
    condition     = var.timeout_seconds >= 15 && var.timeout_seconds <= 1800
    error_message = "Cloud Scheduler waits 15 to 1800 seconds."
  }
}
