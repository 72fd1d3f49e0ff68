"""Hypothesis profile for the unit tests."""

from hypothesis import HealthCheck, settings

# No deadline: neither one example nor generating them all may depend on the machine's speed.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
