"""What holds for all tests."""

from hypothesis import settings

settings.register_profile("apiwatch", deadline=None)
settings.load_profile("apiwatch")
