"""Where the parts of the stack listen."""

from . import config

__all__ = ["DATABASE_PORT", "HTTPS_PORT", "HTTP_PORT", "listener_ports"]

DATABASE_PORT = 3306
HTTP_PORT = 80
HTTPS_PORT = 443


def listener_ports(settings: config.LoadBalancer) -> tuple[int, ...]:
    """Return the ports that are open: with a certificate, HTTP only redirects to HTTPS."""
    return (HTTPS_PORT, HTTP_PORT) if settings.serves_https else (HTTP_PORT,)
