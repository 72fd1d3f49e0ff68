terraform {
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 8.0"
    }
  }

  # environments/<name>/backend.hcl names the bucket.
  backend "gcs" {}
}

provider "google" {
  project = var.project
  region  = var.region
}
