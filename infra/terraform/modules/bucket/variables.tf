variable "name" {
  type = string
}

variable "region" {
  type = string
}

variable "delete_after_days" {
  description = "Age at which temporary objects are deleted; null for permanent objects, whose old versions are kept."
  type        = number
  default     = null
}

variable "old_versions_days" {
  description = "Days for which a deleted or replaced version can be restored."
  type        = number
  default     = 14
}

variable "origins" {
  type    = list(string)
  default = []
}
