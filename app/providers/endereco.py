"""Where a gateway's API may be: keys and patients' names travel there, so not in clear over anybody else's network."""

from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

_LAN: Final = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))


def is_api_address(url: str, *, lan: bool = False) -> bool:
    """Tell whether `url` is https, or http within this machine; with `lan`, also at a private address.

    A name but `localhost` counts as outside whatever it resolves to: that may change, an address does not.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.query or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_near(host, lan=lan))


def _is_near(host: str, *, lan: bool) -> bool:
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or (lan and any(address in network for network in _LAN))
