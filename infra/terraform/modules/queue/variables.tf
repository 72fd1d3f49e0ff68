variable "project" {
  type = string
}

variable "name" {
  type = string
}

variable "region" {
  type = string
}

variable "min_backoff_seconds" {
  type = number

  validation {
    condition     = var.min_backoff_seconds > 0
    error_message = "min_backoff_seconds must be positive."
  }
}

variable "max_backoff_seconds" {
  type = number
}

variable "max_concurrent" {
  description = "Maximum number of tasks in flight: as many as the workers accept."
  type        = number

  validation {
    condition     = var.max_concurrent >= 1 && var.max_concurrent <= 5000
    error_message = "A queue has 1 to 5000 tasks under way."
  }
}

variable "log_ratio" {
  description = "The part of dispatches that is logged, 0 to 1."
  type        = number
  default     = 0.1
}
