"""What holds for every test: a slow machine is no fault of the code, so examples have no time limit of their own."""

from hypothesis import HealthCheck, settings

settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any-machine")
