"""Where chat workers make themselves known."""
