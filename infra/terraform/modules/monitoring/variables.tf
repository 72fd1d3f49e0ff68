variable "emails" {
  type = list(string)
}

variable "runbooks" {
  description = "Where the pages lie that the alerts name."
  type        = string
}
