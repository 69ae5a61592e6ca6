"""The authentication family: who guesses log-ins, whose account is aimed at, and who got in."""

from apiwatch.detect.auth.accounts import TAKEOVER, TARGETED, Account
from apiwatch.detect.auth.log_in import (
    BRUTE_FORCE,
    LOG_INS_KEPT,
    RUN,
    SPRAY,
    STUFFING,
    LogInTest,
    log_in_scale,
    refuses_by_status,
)

__all__ = [
    "BRUTE_FORCE",
    "LOG_INS_KEPT",
    "RUN",
    "SPRAY",
    "STUFFING",
    "TAKEOVER",
    "TARGETED",
    "Account",
    "LogInTest",
    "log_in_scale",
    "refuses_by_status",
]
