"""Where workers make themselves known."""
