variable "emails" {
  type = list(string)
}

variable "runbooks" {
  description = "The base path or URL of the alerts' runbooks."
  type        = string
}
