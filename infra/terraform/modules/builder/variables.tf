variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "bundles_bucket" {
  type = string
}
