# The platform logs each request's whole address, and some hold a credential: those lines are left
# out. The functions' own lines say what happened, without it.
resource "google_logging_project_exclusion" "credentials" {
  name        = "addresses-with-credentials"
  description = "Requests whose address holds a token, a ticket or a key."
  filter      = "log_id(\"run.googleapis.com/requests\") AND httpRequest.requestUrl=~\"[?&](token|ticket|apikey|access_token|X-Goog-Signature)=\""
}
