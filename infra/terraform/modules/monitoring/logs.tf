# The platform logs each request's full URL, and some URLs contain a credential: those log entries
# are excluded. The functions' own log entries describe the request without the URL.
resource "google_logging_project_exclusion" "credentials" {
  name        = "addresses-with-credentials"
  description = "Requests whose URL contains a token, a ticket or a key."
  filter      = "log_id(\"run.googleapis.com/requests\") AND httpRequest.requestUrl=~\"[?&](token|ticket|apikey|access_token|X-Goog-Signature)=\""
}
