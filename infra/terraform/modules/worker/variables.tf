variable "id" {
  description = "The worker's id, which names its key."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}$", var.id))
    error_message = "An account's name has 30 characters at most, and worker- is seven of them."
  }
}

variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "image" {
  type = string
}

variable "settings" {
  description = "Settings of the pipeline, such as SDXL_MODEL; /models is the weights bucket."
  type        = map(string)
  default     = {}
}

variable "functions_url" {
  type = string
}

variable "key_secret" {
  description = "The secret with the worker's key."
  type        = string
}

variable "weights_bucket" {
  type = string
}

variable "dispatcher" {
  description = "The account with which the queue calls the worker; the only one that may."
  type        = string

  validation {
    condition     = !contains(["allUsers", "allAuthenticatedUsers"], var.dispatcher)
    error_message = "A worker is called by one account."
  }
}

variable "audience" {
  description = "The audience of the queue's tokens."
  type        = string
}

variable "slots" {
  description = "Jobs that run at the same time in one instance."
  type        = number
}

variable "prefetch_jobs" {
  description = "Jobs that wait in an instance for a slot."
  type        = number
}

variable "min_instances" {
  type    = number
  default = 0
}

variable "max_instances" {
  type = number
}

variable "cpu" {
  type = number
}

variable "memory_gib" {
  type = number
}

variable "accelerator" {
  type    = string
  default = "nvidia-l4"

  validation {
    condition     = contains(["nvidia-l4", "nvidia-rtx-pro-6000"], var.accelerator)
    error_message = "Cloud Run has nvidia-l4 and nvidia-rtx-pro-6000."
  }
  validation {
    condition     = var.accelerator != "nvidia-l4" || (var.cpu >= 4 && var.memory_gib >= 16)
    error_message = "nvidia-l4 needs 4 CPUs and 16 GiB, or more."
  }
  validation {
    condition     = var.accelerator != "nvidia-rtx-pro-6000" || (var.cpu >= 20 && var.memory_gib >= 80)
    error_message = "nvidia-rtx-pro-6000 needs 20 CPUs and 80 GiB, or more."
  }
}
