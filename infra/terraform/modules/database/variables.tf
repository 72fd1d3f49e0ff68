variable "name" {
  description = "The server's name; a server restored to a point in time has another name."
  type        = string
}

variable "region" {
  type = string
}

variable "network" {
  type = string
}

variable "tier" {
  type = string
}

variable "connections" {
  type = number
}

variable "availability" {
  type = string

  validation {
    condition     = contains(["ZONAL", "REGIONAL"], var.availability)
    error_message = "ZONAL, or REGIONAL for a standby in another zone."
  }
}

variable "disk_gib" {
  type = number
}

variable "postgres" {
  type = string

  validation {
    condition     = can(regex("^POSTGRES_(1[6-9]|[2-9][0-9])$", var.postgres))
    error_message = "Postgres 16 or later: earlier ones cannot grant a role without its being inherited."
  }
}

variable "backups" {
  description = "Number of daily backups to keep."
  type        = number
  default     = 14
}

variable "is_protected" {
  description = "Whether terraform refuses to delete the server."
  type        = bool
  default     = true
}
