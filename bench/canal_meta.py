"""WhatsApp Cloud channels for a bench: rows of the database pointed at fakes, and visits whose messages they carry."""

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import text

from app import crypto
from app.simulator.meta import MetaOptions, SeedTemplate
from app.wiring import Programa
from bench.sementes import phone, seed

APP_SECRET: Final = "0123456789abcdef0123456789abcdef"  # noqa: S105  of a fake
TOKEN: Final = "token-da-bancada"  # noqa: S105  of a fake
PUBLIC_ID: Final = "canal-da-bancada-0"
META: Final = {"phone_number_id": "106540352242922", "waba_id": "102290129340398"}
MODELO: Final = SeedTemplate(
    "confirmacao_consulta",
    "Olá, {{paciente}}! Você tem {{tipo}} {{quando}}. Você vem? Responda 1 se vem, ou 0 se não poderá vir.",
    buttons=("Confirmar", "Não posso ir"),
)
_CHANNEL: Final = text("""
INSERT INTO canais (tenant_id, nome, tipo, public_id, credenciais, config, taxa_por_minuto, prioridade)
VALUES (:t, :nome, 'meta', :public_id, :credenciais, CAST(:config AS jsonb), :taxa, :prioridade) RETURNING id""")
_APPROVED: Final = text("""
INSERT INTO modelos_canais (tenant_id, canal_id, modelo, nome, valores, botoes, estado)
VALUES (:t, :canal, 'pedido', :nome, CAST(:valores AS jsonb), 2, 'aprovado')""")


def fake_options(*, per_second: int | None = None) -> MetaOptions:
    return MetaOptions(
        token=TOKEN, app_secret=APP_SECRET, templates=[MODELO], per_second=per_second, pair_interval_s=0.0, **META
    )


async def open_channel(programa: Programa, urls: Sequence[str], *, por_minuto: int) -> None:
    """Put one channel per address in the place of the one from the environment, the first one preferred."""
    credentials = json.dumps({"token": TOKEN, "verify_token": "v", "webhook_secrets": [APP_SECRET]})
    valores = json.dumps([["paciente", "nome"], ["tipo", "tipo"], ["quando", "quando"]])
    async with programa.database.session_scope(programa.tenant_id) as session:
        await session.execute(text("DELETE FROM canais"))
        for position, url in enumerate(urls):
            parameters: dict[str, Any] = {
                "t": programa.tenant_id,
                "nome": f"meta-{position}",
                "public_id": f"canal-da-bancada-{position}",
                "credenciais": crypto.keyring().encrypt(credentials, "canais.credenciais", programa.tenant_id),
                "config": json.dumps({**META, "base_url": url, "taxa_por_minuto": por_minuto}),
                "taxa": por_minuto,
                "prioridade": position + 1,
            }
            canal = await session.scalar(_CHANNEL, parameters)
            linked = {"t": programa.tenant_id, "canal": canal, "nome": MODELO.name, "valores": valores}
            await session.execute(_APPROVED, linked)


async def seed_open(programa: Programa, first: int, count: int) -> None:
    """Give so many further phones a visit each, due to be asked about."""
    await seed(programa, [phone(number) for number in range(first, first + count)], None, now=programa.clock())
