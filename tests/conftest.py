"""What holds for all tests."""

import os
import signal

from hypothesis import settings

settings.register_profile("apiwatch", deadline=None, max_examples=40)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "apiwatch"))

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in its background like this, and programs under test would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
