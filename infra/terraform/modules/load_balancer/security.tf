# A rate limit per IP address, in addition to the functions' limits per user.
resource "google_compute_security_policy" "this" {
  name = "ourvidz"

  rule {
    description = "Maximum number of requests per minute from one address."
    priority    = 1000
    action      = "throttle"
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"
      rate_limit_threshold {
        count        = var.requests_per_minute
        interval_sec = 60
      }
    }
  }

  rule {
    description = "Required default rule; the rule above matches every address."
    priority    = 2147483647
    action      = "deny(403)"
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}
