"""The fuzzer's own word list: what API developers forget to take away or to close."""

from collections.abc import Iterator
from random import Random

__all__ = ["guesses"]

_PREFIXES = ("/api", "/api/v1", "/api/v2", "/api/v3", "/v1", "/v2", "/internal", "/admin", "/private", "/beta", "")
_WORDS = (
    "accounts", "actuator", "admin", "analytics", "api-docs", "archive", "audit", "backup", "batch", "billing",
    "bulk", "cache", "callbacks", "clients", "config", "configuration", "console", "contacts", "coupons",
    "credentials", "credits", "cron", "customers", "dashboard", "data", "database", "db", "debug", "deploy", "dev",
    "devices", "discounts", "docs", "documents", "dump", "emails", "employees", "env", "environment", "events",
    "exports", "files", "flags", "gateway", "graphql", "grpc", "health-check", "heap", "hooks", "import", "info",
    "inventory", "invoices", "jobs", "keys", "licences", "logs", "mail", "manage", "management", "members",
    "messages", "metadata", "metrics", "migrations", "monitor", "notes", "oauth-clients", "old", "openapi",
    "operators", "partners", "password-hashes", "payments", "people", "permissions", "phpinfo", "pipeline", "plugins",
    "policies", "preview", "pricing", "prod", "profiles", "promo", "proxy", "queue", "queues", "raw", "redis",
    "refunds", "registry", "reports", "restore", "roles", "rpc", "rules", "run", "schema", "scripts", "secrets",
    "security", "server", "services", "settings", "setup", "shell", "shipments", "sql", "staff", "staging", "stats",
    "status", "storage", "stripe", "subscriptions", "suppliers", "support", "swagger", "system", "tasks", "tenants",
    "test", "tests", "tickets", "tmp", "tools", "trace", "transactions", "upload", "usage", "users-export", "vault",
    "vendors", "version", "warehouse", "webhook", "webhooks", "workers",
)  # fmt: skip
_SUFFIXES = ("", "", "", ".json", "/", ".bak")


def guesses(chance: Random) -> Iterator[str]:
    """Distinct paths in the order of a shuffled word list, every word below some of the prefixes."""
    pairs = [(word, prefix) for word in _WORDS for prefix in chance.sample(_PREFIXES, 4)]
    chance.shuffle(pairs)
    for word, prefix in pairs:
        yield f"{prefix}/{word}{_SUFFIXES[int(chance.random() * len(_SUFFIXES))]}"
