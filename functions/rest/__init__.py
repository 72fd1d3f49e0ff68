"""Tables, as PostgREST would serve them."""
