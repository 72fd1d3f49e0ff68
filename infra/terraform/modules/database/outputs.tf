output "instance" {
  value = google_sql_database_instance.this.name
}

output "place" {
  value = {
    host = google_sql_database_instance.this.private_ip_address
    name = google_sql_database.this.name
  }
}
