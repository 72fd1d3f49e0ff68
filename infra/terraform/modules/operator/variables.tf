variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "image" {
  type = string
}

variable "subnetwork" {
  type = string
}

variable "owner_secret" {
  description = "The secret with the owner's DATABASE_URL."
  type        = string
}

variable "buckets" {
  description = "The buckets whose files the operator exports and erases."
  type        = list(string)
}

variable "logins" {
  description = "The Postgres logins that may set the functions' roles."
  type        = list(string)
}

variable "settings" {
  description = "The functions' settings; DATABASE_URL is the owner's."
  type        = map(string)
}
