variable "region" {
  type = string
}

variable "range" {
  description = "Each instance of a function takes an address of it, and a while after it has ended still."
  type        = string
  default     = "10.8.0.0/20"
}
