resource "google_compute_network" "this" {
  name                    = "ourvidz"
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "this" {
  name                     = "ourvidz"
  region                   = var.region
  network                  = google_compute_network.this.id
  ip_cidr_range            = var.range
  private_ip_google_access = true
}

# The range of the database's private address.
resource "google_compute_global_address" "database" {
  name          = "ourvidz-database"
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 20
  network       = google_compute_network.this.id
}

resource "google_service_networking_connection" "database" {
  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.database.name]
}
