variable "region" {
  type = string
}

variable "project" {
  type = string
}
