"""An account at every gateway, and how a person would set up a channel of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.simulator.botconversa import FakeBotconversa
from app.simulator.email import FakeSmtp
from app.simulator.evolution import FakeEvolution
from app.simulator.meta import FakeMeta, SeedTemplate
from app.simulator.meta.options import MetaOptions
from app.simulator.twilio import FakeTwilio
from app.simulator.zapi import FakeZapi
from app.wiring import system_clock

CELULAR = "31 98765-0001"
SEM_WHATSAPP = "5531900000099"


@dataclass
class Conta:
    """One account; `argv` and `stdin` make a channel of it."""

    tipo: str
    fake: Any
    config: Mapping[str, str] = field(default_factory=dict)
    credenciais: Mapping[str, str] = field(default_factory=dict)
    destino: str = CELULAR

    @property
    def chamadas(self) -> int:
        """How often the account was spoken to."""
        spoken: int = self.fake.connections if self.tipo == "email" else self.fake.requests
        return spoken

    @property
    def argv(self) -> list[str]:
        pares = {**({} if self.tipo == "email" else {"base_url": self.fake.url}), **self.config}
        config = [word for nome, valor in pares.items() for word in ("--config", f"{nome}={valor}")]
        return ["--tipo", self.tipo, *config, "--credenciais-stdin"]

    @property
    def stdin(self) -> str:
        return json.dumps(self.credenciais)


async def open_contas(botconversa: FakeBotconversa, api_key: str) -> dict[str, Conta]:
    """Start a fake of every gateway; Botconversa's runs already."""
    meta_options = MetaOptions(templates=[SeedTemplate("ola", "Mensagem de teste.")], refused={SEM_WHATSAPP: 131026})
    meta = FakeMeta(system_clock, meta_options)
    zapi = FakeZapi(system_clock, instance_id="INSTANCIA", instance_token="token-da-instancia")
    zapi.refusals.without_whatsapp.add(SEM_WHATSAPP)
    zapi.refusals.refuses_at_once = True
    evolution = FakeEvolution(system_clock, "chave-da-evolution")
    evolution.without_whatsapp.add(SEM_WHATSAPP)
    twilio = FakeTwilio(system_clock)
    correio = FakeSmtp()
    for fake in (meta, zapi, evolution, twilio, correio):
        await fake.start()
    sid, token = twilio.options.account_sid, twilio.options.auth_token
    return {
        "botconversa": Conta("botconversa", botconversa, credenciais={"api_key": api_key}),
        "email": Conta(
            "email",
            correio,
            {
                "servidor": "127.0.0.1",
                "porta": str(correio.port),
                "tls": "nenhum",
                "remetente": "confirma@hospital.test",
                "hospital": "Santa Casa",
            },
            destino="maria@pacientes.test",
        ),
        "evolution": Conta("evolution", evolution, {"instancia": "santacasa"}, {"api_key": "chave-da-evolution"}),
        "meta": Conta(
            "meta",
            meta,
            {"phone_number_id": meta_options.phone_number_id, "waba_id": meta_options.waba_id},
            {"token": meta_options.token, "webhook_secret": meta_options.app_secret},
        ),
        "twilio": Conta(
            "twilio",
            twilio,
            {"account_sid": sid, "remetente": "+553130000000", "content_url": twilio.url},
            {"auth_token": token},
        ),
        "twilio_sms": Conta("twilio_sms", twilio, {"account_sid": sid, "remetente": "Hospital"}, {"auth_token": token}),
        "zapi": Conta("zapi", zapi, {}, {"instance_id": "INSTANCIA", "instance_token": "token-da-instancia"}),
    }


async def close_contas(contas: Mapping[str, Conta]) -> None:
    for fake in {id(conta.fake): conta.fake for conta in contas.values() if conta.tipo != "botconversa"}.values():
        await fake.stop()
