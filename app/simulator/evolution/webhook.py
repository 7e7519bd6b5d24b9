"""Where and how an instance tells its events, as somebody set it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

import msgspec

from app.simulator.evolution.avisos import bearer
from app.simulator.gateway import Aviso


@dataclass(frozen=True, slots=True)
class Webhook:
    url: str = ""
    enabled: bool = False
    by_events: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    events: frozenset[str] = frozenset()

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> Self:
        return cls(
            url=asked["url"],
            enabled=asked["enabled"],
            by_events=asked.get("byEvents") is True,
            headers=dict(asked.get("headers") or {}),
            events=frozenset(asked.get("events") or ()),
        )

    def call(self, event: str, data: object, *, instance: str, server_url: str, now: datetime) -> Aviso | None:
        """Return the call that tells an event; None where nobody asked for it."""
        name = event.replace(".", "_").upper()
        if not self.enabled or name not in self.events:
            return None
        body = {
            "event": event,
            "instance": instance,
            "data": data,
            "destination": self.url,
            "date_time": now.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z",
            "sender": "553130000000@s.whatsapp.net",
            "server_url": server_url,
            "apikey": None,
        }
        headers = {key: value for key, value in self.headers.items() if key != "jwt_key"}
        if "jwt_key" in self.headers:
            headers["Authorization"] = bearer(self.headers["jwt_key"], now)
        url = f"{self.url}/{name.replace('_', '-').lower()}" if self.by_events else self.url
        return Aviso(msgspec.json.encode(body), {"Content-Type": "application/json", **headers}, url)


def why_not_set(asked: object) -> str | None:
    """Return what the server says to a webhook it does not take."""
    if not isinstance(asked, dict):
        return 'instance requires property "webhook"'
    if not isinstance(asked.get("enabled"), bool) or not isinstance(asked.get("url"), str):
        return 'instance.webhook requires property "enabled" and "url"'
    return None if asked["url"].startswith(("http://", "https://")) else 'Invalid "url" property'
