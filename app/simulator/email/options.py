"""How the server is set up, and who lives there."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Options:
    tls: ssl.SSLContext | None = None
    """Offers STARTTLS with it, and from then on takes no message in clear."""
    encrypted_at_once: bool = False
    """Speaks TLS from the first byte instead."""
    offers_starttls: bool = True
    """False: somebody on the way strips it from the greeting."""
    users: Mapping[str, str] = field(default_factory=dict)
    """Where it has any, nobody sends without a login."""
    auth: tuple[str, ...] = ("PLAIN", "LOGIN")
    senders: frozenset[str] | None = None
    """Who may stand in MAIL FROM; None is anybody."""
    unknown: set[str] = field(default_factory=set)
    """Addresses that nobody has."""
    full: set[str] = field(default_factory=set)
    most_at_once: int = 10
    max_size: int = 10 * 1024 * 1024
    enhanced: bool = True
    """Gives the codes of RFC 3463."""
    slow_seconds: float = 0.01
    silent_seconds: float = 1.0
