"""Configurations of web servers: which access logs they write, in which formats. Nothing is executed or opened here."""

from apiwatch.formats.configs.apache import apache_configuration
from apiwatch.formats.configs.model import AccessLog, Configuration, FormatString, Load, Proxies, Silence
from apiwatch.formats.configs.nginx import nginx_configuration
from apiwatch.formats.configs.telling import Server, server_of

__all__ = [
    "AccessLog",
    "Configuration",
    "FormatString",
    "Load",
    "Proxies",
    "Server",
    "Silence",
    "apache_configuration",
    "nginx_configuration",
    "server_of",
]
