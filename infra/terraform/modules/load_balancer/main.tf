# One IP address, HTTPS only, and one route for each public path of the manifest.
resource "google_compute_global_address" "this" {
  name = "ourvidz"
}

resource "google_compute_managed_ssl_certificate" "this" {
  name = "ourvidz"
  managed {
    domains = [var.domain]
  }
}

resource "google_compute_ssl_policy" "this" {
  name            = "ourvidz"
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}

resource "google_compute_region_network_endpoint_group" "this" {
  for_each              = var.backends
  name                  = each.key
  region                = var.region
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = each.value.service
  }
}

resource "google_compute_backend_service" "this" {
  for_each              = var.backends
  name                  = each.key
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = google_compute_security_policy.this.id

  backend {
    group = google_compute_region_network_endpoint_group.this[each.key].id
  }

  # URLs may contain a ticket or a token, so requests are not logged.
  log_config {
    enable = false
  }
}

resource "google_compute_url_map" "this" {
  name = "ourvidz"

  # Paths without a route get a 404. A default service is required, but never called.
  default_service = google_compute_backend_service.this[local.first].id
  default_route_action {
    fault_injection_policy {
      abort {
        http_status = 404
        percentage  = 100
      }
    }
  }

  host_rule {
    hosts        = [var.domain]
    path_matcher = "endpoints"
  }

  path_matcher {
    name            = "endpoints"
    default_service = google_compute_backend_service.this[local.first].id
    default_route_action {
      fault_injection_policy {
        abort {
          http_status = 404
          percentage  = 100
        }
      }
    }

    # As in the local gateway, a function gets the path without its prefix.
    dynamic "path_rule" {
      for_each = var.backends
      content {
        paths   = flatten([for prefix in path_rule.value.prefixes : [prefix, "${prefix}/*"]])
        service = google_compute_backend_service.this[path_rule.key].id
        route_action {
          url_rewrite {
            path_prefix_rewrite = "/"
          }
        }
      }
    }
  }
}

locals {
  first = sort(keys(var.backends))[0]
}

resource "google_compute_target_https_proxy" "this" {
  name             = "ourvidz"
  url_map          = google_compute_url_map.this.id
  ssl_certificates = [google_compute_managed_ssl_certificate.this.id]
  ssl_policy       = google_compute_ssl_policy.this.id
}

resource "google_compute_global_forwarding_rule" "https" {
  name                  = "ourvidz"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.this.address
  port_range            = "443"
  target                = google_compute_target_https_proxy.this.id
}
