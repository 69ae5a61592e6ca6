"""What routes are about, by the words of their templates: people, and the recovery of accounts."""

import re
from functools import lru_cache

__all__ = ["completes_reset", "is_personal", "proves_reset"]

_words = re.compile(r"[a-z0-9]+").findall
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])").sub

_PERSONAL = frozenset({
    "account", "accounts", "address", "addresses", "admin", "card", "cards", "client", "clients", "contact", "contacts",
    "customer", "customers", "email", "emails", "employee", "employees", "identity", "invoice", "invoices", "lead",
    "leads", "member", "members", "order", "orders", "owner", "owners", "ownership", "passport", "patient", "patients",
    "payment", "payments", "people", "person", "persons", "phone", "phones", "profile", "profiles", "user", "users",
})  # fmt: skip
_PROOFS = frozenset({
    "code", "confirm", "confirmation", "forgot", "otp", "recover", "recovery", "reset", "token", "validate",
    "verification", "verify",
})  # fmt: skip
_TEMPLATES_KEPT = 10_000
_REQUESTS = frozenset({"forgot", "forgotten", "lost", "request", "send"})


def _words_of(template: str) -> set[str]:
    return set(_words(_CAMEL("-", template).lower()))


@lru_cache(_TEMPLATES_KEPT)
def is_personal(template: str) -> bool:
    """Whether a route is about people: users, customers, orders, payments.

    >>> is_personal("/v1/customers/{int}"), is_personal("/v1/items/{int}")
    (True, False)
    """
    return not _PERSONAL.isdisjoint(_words_of(template))


def proves_reset(template: str) -> bool:
    """Whether a step of a reset may be the one that shows the right to it: opening a link, sending a code.

    >>> proves_reset("/forgot"), proves_reset("/login")
    (True, False)
    """
    return not _PROOFS.isdisjoint(_words_of(template))


def completes_reset(template: str) -> bool:
    """Whether a reset route sets the new password, rather than asking for the message that allows to.

    >>> completes_reset("/api/account/resetPassword"), completes_reset("/password/forgot")
    (True, False)
    """
    return _REQUESTS.isdisjoint(_words_of(template))
