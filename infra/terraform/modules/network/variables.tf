variable "region" {
  type = string
}

variable "range" {
  description = "The subnetwork's addresses: each instance of a function uses one, and keeps it for a while after its end."
  type        = string
  default     = "10.8.0.0/20"
}
