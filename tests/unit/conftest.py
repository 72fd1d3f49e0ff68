"""Settings of the unit tests."""

from hypothesis import HealthCheck, settings

# Neither a single example nor the making of all of them is to depend on the speed of the machine.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
