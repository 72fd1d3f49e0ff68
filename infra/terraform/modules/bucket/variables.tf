variable "name" {
  type = string
}

variable "region" {
  type = string
}

variable "delete_after_days" {
  description = "For what only passes through; null for what is kept, whose old versions are kept too."
  type        = number
  default     = null
}

variable "old_versions_days" {
  description = "How long a deleted or replaced version can be brought back."
  type        = number
  default     = 14
}

variable "origins" {
  type    = list(string)
  default = []
}
