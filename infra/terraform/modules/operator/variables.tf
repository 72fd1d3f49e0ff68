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
  description = "The secret that holds the owner's DATABASE_URL."
  type        = string
}

variable "buckets" {
  description = "The buckets whose files it exports and erases."
  type        = list(string)
}

variable "logins" {
  description = "Whom Postgres lets in as the functions' roles."
  type        = list(string)
}

variable "settings" {
  description = "As the functions have them; its DATABASE_URL is the owner's."
  type        = map(string)
}
