"""Every gateway by its kind: adding one is a folder and a line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from app.providers.base import Setup, WhatsAppProvider
from app.providers.botconversa.ficha import FICHA as BOTCONVERSA
from app.providers.botconversa.provider import build as build_botconversa
from app.providers.email.ficha import FICHA as EMAIL
from app.providers.email.provider import build as build_email
from app.providers.evolution.ficha import FICHA as EVOLUTION
from app.providers.evolution.provider import build as build_evolution
from app.providers.ficha import Ficha
from app.providers.meta.ficha import FICHA as META
from app.providers.meta.provider import build as build_meta
from app.providers.twilio.ficha import FICHA as TWILIO
from app.providers.twilio.ficha import FICHA_SMS as TWILIO_SMS
from app.providers.twilio.provider import build as build_twilio
from app.providers.twilio.provider import build_sms as build_twilio_sms
from app.providers.zapi.ficha import FICHA as ZAPI
from app.providers.zapi.provider import build as build_zapi


@dataclass(frozen=True, slots=True)
class Registered:
    """One kind: what makes a gateway of a channel, and the form a person fills in before."""

    build: Callable[[Setup], WhatsAppProvider]
    ficha: Ficha


PROVIDERS: Final[Mapping[str, Registered]] = {
    "botconversa": Registered(build_botconversa, BOTCONVERSA),
    "email": Registered(build_email, EMAIL),
    "evolution": Registered(build_evolution, EVOLUTION),
    "meta": Registered(build_meta, META),
    "twilio": Registered(build_twilio, TWILIO),
    "twilio_sms": Registered(build_twilio_sms, TWILIO_SMS),
    "zapi": Registered(build_zapi, ZAPI),
}


def build_provider(kind: str, setup: Setup) -> WhatsAppProvider:
    """Build the gateway of one channel; ValueError says, in Portuguese, what its configuration lacks."""
    return find_kind(kind).build(setup)


def find_kind(kind: str) -> Registered:
    """Return a kind, or raise ValueError with the kinds there are."""
    registered = PROVIDERS.get(kind)
    if registered is None:
        raise ValueError(f"tipo de canal desconhecido: {kind} (há: {', '.join(sorted(PROVIDERS))})")
    return registered
