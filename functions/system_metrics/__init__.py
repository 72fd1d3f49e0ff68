"""How the system stands, for its operators."""
