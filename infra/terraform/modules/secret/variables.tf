variable "name" {
  description = "The name of the setting in the secret."
  type        = string
}

variable "region" {
  type = string
}

variable "is_protected" {
  description = "Whether terraform refuses to delete the secret."
  type        = bool
  default     = true
}
