"""What a stranger, a forged call or a gateway gone wrong may try, and what must not come of it."""

import asyncio
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app import crypto
from app.providers.base import OutboundMessage, Receipt, WebhookCall
from app.repositories.recibos import Recibo, ReciboRepository
from app.workers.fila import Fila, FilaCheia
from app.workers.outbox import Gateway, Outbox
from tests.cenario import Cenario, take_jobs
from tests.fabricas import FONE, make_agenda
from tests.integration.portador import Portador

SEGREDO_META = "segredo-da-meta"
OUTRO = "27998111222"


async def open_second(cenario: Cenario, tipo: str, config: dict[str, Any], credenciais: dict[str, Any]) -> str:
    """Give the hospital one more channel; return its public id."""
    public_id = secrets.token_urlsafe(8)
    sealed = crypto.keyring().encrypt(json.dumps(credenciais), "canais.credenciais", cenario.tenant_id)
    async with cenario.database.session_scope(cenario.tenant_id) as session:
        await session.execute(
            text("""INSERT INTO canais (tenant_id, nome, tipo, public_id, credenciais, config, prioridade)
                    VALUES (:t, :tipo, :tipo, :p, :c, CAST(:config AS jsonb), 9)"""),
            {"t": cenario.tenant_id, "tipo": tipo, "p": public_id, "c": sealed, "config": json.dumps(config)},
        )
    await cenario.programa.canais.refresh()
    return public_id


@pytest.fixture
async def meta(cenario: Cenario) -> str:
    await cenario.importar(make_agenda())
    await cenario.tick()
    credenciais = {"token": "t", "webhook_secrets": [SEGREDO_META]}
    return await open_second(cenario, "meta", {"phone_number_id": "1"}, credenciais)


def meta_body(*, statuses: Sequence[Any] = (), messages: Sequence[Any] = ()) -> bytes:
    value = {"metadata": {"phone_number_id": "1"}, "statuses": list(statuses), "messages": list(messages)}
    entry = {"id": "1", "changes": [{"field": "messages", "value": value}]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


async def tell(cenario: Cenario, canal: str, body: bytes) -> int:
    signature = "sha256=" + hmac.new(SEGREDO_META.encode(), body, hashlib.sha256).hexdigest()
    call = WebhookCall(body, {"x-hub-signature-256": signature})
    answer = await cenario.programa.webhook.receive(call, canal=canal, now=cenario.relogio())
    return answer.status_code


async def our_key(cenario: Cenario) -> str:
    [row] = await cenario.rows("SELECT dia, id FROM mensagens")
    return f"{row['dia']:%Y%m%d}-{row['id']}"


@pytest.mark.parametrize("codigo", [131050, 131026, 131031], ids=["opt-out", "no WhatsApp", "account"])
async def test_a_channel_complains_of_its_own_messages_only(cenario: Cenario, meta: str, codigo: int) -> None:
    failed = {"id": "x", "status": "failed", "errors": [{"code": codigo}]}
    body = meta_body(statuses=[failed | {"biz_opaque_callback_data": await our_key(cenario)}])
    assert await tell(cenario, meta, body) == 200
    await cenario.tick()
    [contato] = await cenario.rows("SELECT optout_em, sem_whatsapp_em FROM contatos")
    assert set(contato.values()) == {None}
    assert await cenario.rows("SELECT 1 FROM canais WHERE pausado_ate IS NOT NULL") == []
    assert [estado for *_, estado in await cenario.messages()] == ["enviada"]


def recibo(cenario: Cenario, **changes: Any) -> Recibo:
    standard: dict[str, Any] = {
        "recebido_em": cenario.relogio(),
        "tentar_em": cenario.relogio(),
        "canal_id": cenario.canal_id,
        "sobre_id": None,
        "nossa_chave": None,
        "estado": "entregue",
        "falha": None,
        "codigo": None,
        "em": None,
    }
    return Recibo(**standard | changes)


async def test_a_receipt_that_cannot_be_applied_holds_up_no_other(cenario: Cenario) -> None:
    await cenario.importar(make_agenda(1), make_agenda(2, nome_paciente="Bia", telefone=OUTRO))
    await cenario.tick()
    rows = await cenario.rows("SELECT dia, id FROM mensagens ORDER BY id")
    keys = [f"{row['dia']:%Y%m%d}-{row['id']}" for row in rows]
    unstorable = secrets.token_hex(6000)  # longer than an index holds
    async with cenario.database.session_scope(cenario.tenant_id) as session:
        repository = ReciboRepository(session, cenario.tenant_id)
        bad = recibo(cenario, sobre_id=unstorable, nossa_chave=keys[0])
        await repository.store([bad, recibo(cenario, nossa_chave=keys[1])])
    await cenario.programa.scheduler.receive()
    assert [estado for *_, estado in await cenario.messages()] == ["enviada", "entregue"]
    assert await cenario.rows("SELECT 1 FROM recibos") == []


async def test_an_answer_beside_a_poisoned_one_counts(cenario: Cenario, meta: str) -> None:
    answer = {"id": "ok", "from": f"55{FONE}", "type": "text", "text": {"body": "1"}}
    poisoned = {"id": "bad\x00", "from": "5531900000000", "type": "text", "text": {"body": "o\x00i"}}
    await tell(cenario, meta, meta_body(messages=[poisoned, answer]))
    assert await cenario.status() == ["confirmado"]


@pytest.mark.parametrize("content", [{"type": "reaction", "reaction": {"emoji": "👍", "message_id": "z"}}])
async def test_a_thumb_opens_no_conversation(cenario: Cenario, meta: str, content: dict[str, Any]) -> None:
    await tell(cenario, meta, meta_body(messages=[{"id": "a", "from": f"55{FONE}", **content}]))
    [contato] = await cenario.rows("SELECT canal_id, ultima_entrada_em FROM contatos")
    assert set(contato.values()) == {None}


async def test_a_call_that_comes_again_a_day_later_opens_nothing_anew(cenario: Cenario, meta: str) -> None:
    body = meta_body(messages=[{"id": "a", "from": f"55{FONE}", "type": "text", "text": {"body": "1"}}])
    await tell(cenario, meta, body)
    before = await cenario.rows("SELECT canal_id, ultima_entrada_em FROM contatos")
    cenario.relogio.pass_time(hours=30)
    await tell(cenario, meta, body)
    assert await cenario.rows("SELECT canal_id, ultima_entrada_em FROM contatos") == before


async def test_a_word_nobody_knows_settles_no_other_message(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()
    await cenario.execute("UPDATE mensagens SET estado = 'incerta'")
    credenciais = {"api_key": "k", "webhook_secrets": ["s"]}
    canal = await open_second(cenario, "evolution", {"base_url": "http://127.0.0.1:9", "instancia": "i"}, credenciais)
    data = {"keyId": "DIGITADA1", "remoteJid": f"55{FONE}@s.whatsapp.net", "fromMe": True, "status": "DELETED"}
    body = json.dumps({"event": "messages.update", "instance": "i", "data": data}).encode()
    call = WebhookCall(body, {"x-webhook-secret": "s"})
    answer = await cenario.programa.webhook.receive(call, canal=canal, now=cenario.relogio())
    assert answer.status_code == 200
    assert [estado for *_, estado in await cenario.messages()] == ["incerta"]
    assert await cenario.rows("SELECT 1 FROM recebidas") == []


class Tagarela(Portador):
    """A gateway that answers one send with an id nobody can store."""

    async def send(self, message: OutboundMessage) -> Receipt:
        receipt = await super().send(message)
        return replace(receipt, message_id="x\x00" if self.sent == 1 else f"wamid.{self.sent}")


async def test_an_answer_with_an_id_nobody_can_store_loses_no_neighbour(cenario: Cenario) -> None:
    await cenario.importar(*(make_agenda(n, nome_paciente=f"P {n}", telefone=f"279981{n:05d}") for n in range(1, 5)))
    for entry in cenario.programa.scheduler.entries:
        if entry.name == "planejar":
            await entry.run(cenario.tenant_id, cenario.relogio())
    await cenario.programa.scheduler.release()
    portador = Tagarela()

    async def gateways(*_: int) -> Gateway:
        return Gateway(portador, por_minuto=60)  # type: ignore[arg-type]

    outbox = Outbox(cenario.database, gateways, cenario.relogio)
    for job in await take_jobs(cenario.database):
        await outbox.send_chunk(job)
    rows = await cenario.rows("SELECT estado, provider_id FROM mensagens ORDER BY id")
    assert [row["estado"] for row in rows] == ["enviada"] * 4
    assert [row["provider_id"] for row in rows].count(None) == 1


async def test_a_hundred_kept_events_that_fail_do_not_hold_up_the_next(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()
    keyring = crypto.keyring()
    broken, good = (
        keyring.encrypt(corpo, "recebidas.corpo", cenario.tenant_id)
        for corpo in ("{", json.dumps({"telefone": FONE, "resposta": "1", "mensagem_id": "boa"}))
    )
    for n in range(101):
        await cenario.execute(
            """INSERT INTO recebidas (tenant_id, canal_id, event_key, tipo, corpo, recebida_em)
               VALUES (:t, :c, :k, 'resposta', :corpo, :em)""",
            t=cenario.tenant_id,
            c=cenario.canal_id,
            k=f"velha:{n}",
            corpo=good if n == 100 else broken,
            em=cenario.relogio() - timedelta(minutes=5),
        )
    for _ in range(2):
        await cenario.programa.webhook.apply_kept(cenario.tenant_id, now=cenario.relogio())
    assert await cenario.status() == ["confirmado"]


async def test_a_flood_of_one_phone_leaves_others_their_turn(now: datetime) -> None:
    batches: list[list[str]] = []

    async def apply(events: Sequence[str], _: datetime) -> list[str]:
        await asyncio.sleep(0)
        batches.append(list(events))
        return list(events)

    fila: Fila[str, str] = Fila(apply, size=4, at_once=1, lane_of=lambda event: event[0])
    flood = [f"a{n:02}" for n in range(50)]
    assert await asyncio.gather(*(fila.submit(event, now) for event in [*flood, "b"])) == [*flood, "b"]
    assert [position for position, batch in enumerate(batches) if "b" in batch] == [0]
    assert [event for batch in batches for event in batch if event != "b"] == flood, "its own keep their order"


async def test_beyond_a_limit_the_caller_is_told_to_come_back(now: datetime) -> None:
    gate = asyncio.Event()

    async def apply(events: Sequence[int], _: datetime) -> list[int]:
        await gate.wait()
        return list(events)

    fila: Fila[int, int] = Fila(apply, size=1, at_once=1, most_waiting=3)
    waiting = [asyncio.create_task(fila.submit(n, now)) for n in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(FilaCheia):
        await fila.submit(9, now)
    gate.set()
    assert await asyncio.gather(*waiting) == [0, 1, 2]
