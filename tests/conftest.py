"""What holds for all tests."""

import os

from hypothesis import settings

settings.register_profile("apiwatch", deadline=None, max_examples=40)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "apiwatch"))
