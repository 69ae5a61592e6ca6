"""What a viewer looks at: everything, or one thing and what has to do with it."""

from msgspec import Struct

__all__ = ["EVERYTHING", "Scope"]


class Scope(Struct, frozen=True):
    """One client, network, user, user agent, alert or route; several of them at once: what has to do with all."""

    client: str = ""
    net: str = ""
    """A network with prefix length: `203.0.113.0/24`."""
    user: str = ""
    agent: str = ""
    """A user agent, whole."""
    alert: str = ""
    """Id of an alert; of a campaign: all its clients."""
    host: str = ""
    route: str = ""
    """Route label: `GET /api/orders/{id}`."""


EVERYTHING = Scope()
