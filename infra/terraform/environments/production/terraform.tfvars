# Change project, domain, origins, jwt and alert_emails to your values.
project = "ourvidz-production"
region  = "europe-west4"
domain  = "api.example.com"
origins = ["https://app.example.com"]

jwt = {
  issuer   = "https://auth.example.com/auth/v1"
  jwks_url = "https://auth.example.com/auth/v1/.well-known/jwks.json"
}

instances_cap = 20

database = {
  tier         = "db-custom-4-16384"
  connections  = 1200
  availability = "REGIONAL"
  disk_gib     = 100
}

workers = {
  sdxl = {
    type          = "sdxl"
    queue         = "sdxl-queue"
    settings      = { SDXL_MODEL = "/models/sdxl" }
    max_instances = 4
  }
  wan = {
    type          = "wan"
    queue         = "wan-queue"
    settings      = { WAN_MODEL = "/models/wan" }
    max_instances = 4
  }
}

alert_emails = ["on-call@example.com"]
