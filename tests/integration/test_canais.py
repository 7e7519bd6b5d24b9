"""The secret that verifies a call tells the hospital: the same phone in two hospitals is two patients."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from sqlalchemy import text

from app import crypto
from app.database import Database
from app.providers.base import WebhookCall
from app.services.importacao_service import ImportacaoService
from app.workers.canais import Canais
from tests.cenario import Cenario, add_canal
from tests.fabricas import FONE, ZONA, make_agenda

SEGREDO_B = "segredo-do-vizinho-000111222333"


@pytest.fixture
async def vizinho(cenario: Cenario, outro_hospital: int, database: Database, now: datetime) -> AsyncIterator[int]:
    """Let the neighbour have the same patient on the same phone, asked too."""
    await add_canal(database, outro_hospital, cenario.fake.url, segredos=[SEGREDO_B])
    async with database.global_scope() as session:
        await session.execute(text("UPDATE tenants SET ativo = true WHERE id = :t"), {"t": outro_hospital})
    service = ImportacaoService(database, outro_hospital, zona=ZONA)
    await service.importar([make_agenda("9001")], origem="hospital", now=now)
    await cenario.programa.canais.refresh()
    await cenario.importar(make_agenda("1001"))
    await cenario.tick()
    yield outro_hospital
    async with database.global_scope() as session:
        await session.execute(text("UPDATE tenants SET ativo = false WHERE id = :t"), {"t": outro_hospital})


async def status_of(database: Database, tenant: int) -> str:
    async with database.session_scope(tenant) as session:
        return str(await session.scalar(text("SELECT status_confirmacao FROM atendimentos")))


async def test_a_secret_of_one_hospital_reaches_only_its_patients(
    cenario: Cenario, vizinho: int, database: Database
) -> None:
    assert len(cenario.texts()) == 2, "each hospital asks its own"
    status, body = await cenario.call({"telefone": FONE, "resposta": "0"}, headers={"x-webhook-secret": SEGREDO_B})
    assert (status, body["status"], body["nr_seq_agenda"]) == (200, "CANCELADO", "9001")
    assert await cenario.status() == ["aguardando"]
    assert await status_of(database, vizinho) == "cancelado"


async def test_an_id_of_the_other_hospital_finds_nothing_of_it(
    cenario: Cenario, vizinho: int, database: Database
) -> None:
    await cenario.reply("1", nr_seq_agenda="9001")
    assert await status_of(database, vizinho) == "aguardando"
    assert await cenario.status() == ["confirmado"]


async def test_stop_at_one_hospital_is_not_stop_at_the_other(
    cenario: Cenario, vizinho: int, database: Database
) -> None:
    await cenario.reply("sair")
    async with database.session_scope(vizinho) as session:
        assert await session.scalar(text("SELECT count(*) FROM contatos WHERE optout_em IS NOT NULL")) == 0


async def test_the_same_message_id_in_both_hospitals_is_two_events(
    cenario: Cenario, vizinho: int, database: Database
) -> None:
    body = {"telefone": FONE, "resposta": "1", "mensagem_id": "m-1"}
    await asyncio.gather(cenario.call(body), cenario.call(body, headers={"x-webhook-secret": SEGREDO_B}))
    assert await cenario.status() == ["confirmado"]
    assert await status_of(database, vizinho) == "confirmado"


async def test_a_channels_own_address_takes_its_own_secret_only(cenario: Cenario, vizinho: int) -> None:
    [row] = await cenario.rows("SELECT public_id FROM canais WHERE id = :c", c=cenario.canal_id)
    raw = json.dumps({"telefone": FONE, "resposta": "1"}).encode()
    for segredo, expected in ((SEGREDO_B, 401), (cenario.segredo, 200)):
        answer = await cenario.programa.webhook.receive(
            WebhookCall(raw, {"x-webhook-secret": segredo}), canal=row["public_id"], now=cenario.relogio()
        )
        assert answer.status_code == expected
    assert vizinho


@pytest.mark.parametrize("headers", [{}, {"x-webhook-secret": ""}, {"x-webhook-secret": "adivinhado"}])
async def test_a_stranger_leaves_nothing_behind(cenario: Cenario, headers: dict[str, str]) -> None:
    answer = await cenario.programa.webhook.receive(
        WebhookCall(json.dumps({"telefone": FONE, "resposta": "0"}).encode(), headers),
        canal=None,
        now=cenario.relogio(),
    )
    assert answer.status_code == 401
    assert await cenario.rows("SELECT 1 FROM recebidas") == []


async def test_an_unknown_address_is_a_stranger(cenario: Cenario) -> None:
    answer = await cenario.programa.webhook.receive(
        WebhookCall(b"{}", {"x-webhook-secret": cenario.segredo}), canal="inventado", now=cenario.relogio()
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b"{", 400, id="not JSON"),
        pytest.param(b"\xff\xfe\x00", 400, id="not UTF-8"),
        pytest.param(b"[]", 422, id="an empty list"),
        pytest.param(b"12", 422, id="a number"),
        pytest.param(b'{"resposta": "1"}', 422, id="nobody identified"),
        pytest.param(b'{"telefone": ["a"], "resposta": "1"}', 422, id="a list for a phone"),
        pytest.param(b'{"telefone": "{{ $json.phone }}", "resposta": "1"}', 422, id="an unfilled variable"),
        pytest.param(b'{"type": "message", "contact": 5}', 422, id="a number for a contact"),
        pytest.param(b"[" * 5000, 400, id="too deep"),
    ],
)
async def test_a_malformed_call_changes_nothing(cenario: Cenario, body: bytes, expected: int) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()
    status, answer = await cenario.call(body)
    assert (status, bool(answer["code"])) == (expected, True)
    assert await cenario.rows("SELECT 1 FROM recebidas") == []
    assert await cenario.status() == ["aguardando"]


async def test_a_replayed_call_is_one_effect(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()
    for _ in range(3):
        cenario.relogio.pass_time(minutes=20)
        await cenario.reply("1", mensagem_id="m1")
    assert [fact for fact, _ in await cenario.facts()].count("paciente_confirmou") == 1


async def test_a_channel_whose_settings_are_wrong_leaves_the_others_alone(cenario: Cenario) -> None:
    await add_canal(
        cenario.database,
        cenario.tenant_id,
        "ftp://errado",
        segredos=["z"],
        nome="errado",
        prioridade=0,
    )
    await cenario.programa.canais.refresh()
    await cenario.importar(make_agenda())
    await cenario.tick()
    assert len(cenario.texts()) == 1


async def test_a_new_account_is_in_force_without_a_restart_and_answers_to_the_old_one_count(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.execute("UPDATE canais SET ativo = false WHERE id = :c", c=cenario.canal_id)
    await add_canal(cenario.database, cenario.tenant_id, cenario.fake.url, segredos=["novo-segredo"], nome="novo")
    await cenario.programa.canais.refresh()
    await cenario.tick()
    assert len(cenario.texts()) == 1
    status, answer = await cenario.call({"telefone": FONE, "resposta": "1"})
    assert (status, answer["status"]) == (200, "CONFIRMADO")


@pytest.mark.parametrize(("must_prove", "expected"), [(False, True), (True, False)])
async def test_sec_13_a_channel_without_secrets_takes_calls_on_a_development_machine_only(
    cenario: Cenario, *, must_prove: bool, expected: bool
) -> None:
    open_to_all = {"api_key": "k", "webhook_secrets": []}
    sealed = crypto.keyring().encrypt(json.dumps(open_to_all), "canais.credenciais", cenario.tenant_id)
    await cenario.execute("UPDATE canais SET credenciais = :c WHERE id = :id", c=sealed, id=cenario.canal_id)
    canais = Canais(cenario.database, cenario.programa.http, cenario.relogio, must_prove=must_prove)
    [row] = await cenario.rows("SELECT public_id FROM canais WHERE id = :id", id=cenario.canal_id)
    found = await canais.identify(WebhookCall(b"{}"), public_id=row["public_id"], now=cenario.relogio())
    await canais.close()
    assert (found is not None) is expected
