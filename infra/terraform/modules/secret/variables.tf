variable "name" {
  description = "The setting that it holds."
  type        = string
}

variable "region" {
  type = string
}

variable "is_protected" {
  description = "Whether terraform refuses to delete it."
  type        = bool
  default     = true
}
