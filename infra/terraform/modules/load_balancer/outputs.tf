output "address" {
  value = google_compute_global_address.this.address
}
