output "network" {
  value      = google_compute_network.this.id
  depends_on = [google_service_networking_connection.database]
}

output "subnetwork" {
  value = google_compute_subnetwork.this.id
}
