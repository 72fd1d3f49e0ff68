terraform {
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.0"
    }
  }

  # The bucket is set in environments/<name>/backend.hcl.
  backend "gcs" {}
}

provider "google" {
  project = var.project
  region  = var.region
}
