"""Rule-based prompt enhancement and checks of enhancements (pure functions)."""
