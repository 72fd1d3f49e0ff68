# Change project, domain, jwt and alert_emails to your values.
project = "ourvidz-staging"
region  = "europe-west4"
domain  = "api.staging.example.com"

jwt = {
  issuer   = "https://auth.staging.example.com/auth/v1"
  jwks_url = "https://auth.staging.example.com/auth/v1/.well-known/jwks.json"
}

instances_cap = 3

database = {
  tier         = "db-custom-1-3840"
  connections  = 300
  is_protected = false
}

workers = {
  sdxl = {
    type     = "sdxl"
    queue    = "sdxl-queue"
    settings = { SDXL_MODEL = "/models/sdxl" }
  }
}
