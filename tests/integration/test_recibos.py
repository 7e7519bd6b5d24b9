"""News of messages as it comes: early, twice, backwards, never, of nobody's message, of another hospital's."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app.cli.contatos import ultima_entrada
from app.database import Database
from app.domain.caminho import UltimosRecursos
from app.domain.confirmacao import EstadoMensagem
from app.models import Canal
from app.services.importacao_service import ImportacaoService
from app.services.lembrete_service import LembreteService
from app.services.recibo_service import ReciboService
from app.simulator.gateway import Fault, Taken
from app.simulator.meta import said
from tests.caminhos import DIGITOS, PESSOA, SEED, Rede, Via, open_rede, plan, states, wrote_on
from tests.cenario import Cenario, take_jobs
from tests.fabricas import ZONA, make_agenda
from tests.integration.portador import Portador

M = EstadoMensagem
ARRIVES = (M.ENVIADA, M.ENTREGUE, M.LIDA)


@pytest.fixture
async def rede(cenario: Cenario) -> AsyncIterator[Rede]:
    async with open_rede(cenario) as opened:
        yield opened


async def asked_by_meta(rede: Rede, **options: Any) -> Via:
    meta = await rede.meta(SEED, options=options)
    await rede.approve(meta)
    await rede.cenario.importar(make_agenda())
    await rede.cenario.tick()
    return meta


async def asked_by_zapi(rede: Rede) -> Via:
    zapi = await rede.zapi()
    await rede.cenario.importar(make_agenda())
    await rede.cenario.tick()
    return zapi


async def message(cenario: Cenario) -> Any:
    [row] = await cenario.rows("SELECT * FROM mensagens")
    return row


async def waiting(cenario: Cenario) -> int:
    [row] = await cenario.rows("SELECT count(*) AS n FROM recibos")
    return int(row["n"])


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param(ARRIVES, "lida", id="in order"),
        pytest.param(ARRIVES[::-1], "lida", id="backwards"),
        pytest.param(ARRIVES * 2, "lida", id="twice"),
        pytest.param((M.LIDA,), "lida", id="read without delivered"),
        pytest.param((M.ENTREGUE, M.ENVIADA), "entregue", id="sent after delivered"),
        pytest.param((M.ENTREGUE, M.FALHOU), "entregue", id="failed after it arrived"),
        pytest.param((M.FALHOU, M.ENTREGUE), "entregue", id="arrived after it failed"),
        pytest.param((), "enviada", id="never"),
    ],
)
@pytest.mark.parametrize("at_once", [True, False], ids=["in one batch", "one by one"])
async def test_whatever_the_order_the_furthest_state_stands(
    cenario: Cenario, rede: Rede, told: tuple[EstadoMensagem, ...], expected: str, *, at_once: bool
) -> None:
    meta = await asked_by_meta(rede)
    if at_once:
        await meta.tell(meta.sent[0], *told)
    else:
        for estado in told:
            await meta.tell(meta.sent[0], estado)
    first, *others = await cenario.rows("SELECT * FROM mensagens ORDER BY id")
    assert first["estado"] == expected
    assert others == [], "and nothing is said again"
    assert await waiting(cenario) == 0


async def test_the_times_are_the_gateways_own(cenario: Cenario, rede: Rede) -> None:
    meta = await asked_by_meta(rede)
    at = cenario.relogio.pass_time(seconds=3)
    aviso = meta.fake.news(meta.sent[0], M.ENTREGUE)
    cenario.relogio.pass_time(minutes=2)
    await meta.post(aviso)
    await cenario.programa.scheduler.receive()
    assert (await message(cenario))["entregue_em"] == at


async def test_the_gateways_id_alone_finds_the_message(cenario: Cenario, rede: Rede) -> None:
    zapi = await asked_by_zapi(rede)
    await zapi.tell(zapi.sent[0], M.ENTREGUE)
    assert (await message(cenario))["estado"] == "entregue"


async def test_by_the_id_news_waits_for_our_own_record(cenario: Cenario, rede: Rede) -> None:
    """Z-API tells its own id only, and may do so before it answers the send."""
    zapi = await asked_by_zapi(rede)
    await cenario.execute("UPDATE mensagens SET provider_id = NULL, estado = 'em_envio'")
    await zapi.tell(zapi.sent[0], M.ENTREGUE)
    assert ((await message(cenario))["estado"], await waiting(cenario)) == ("em_envio", 1)
    await cenario.execute("UPDATE mensagens SET provider_id = :i, estado = 'enviada'", i=zapi.sent[0].id)
    await cenario.programa.scheduler.receive()
    assert (await message(cenario))["estado"] == "enviada", "not looked at every time"
    cenario.relogio.pass_time(seconds=6)
    await cenario.programa.scheduler.receive()
    assert ((await message(cenario))["estado"], await waiting(cenario)) == ("entregue", 0)


@pytest.mark.parametrize(("estado", "fact"), [(M.ENVIADA, "mensagem_enviada"), (M.ENTREGUE, "mensagem_entregue")])
async def test_by_our_key_news_overtakes_our_own_record(
    cenario: Cenario, rede: Rede, estado: EstadoMensagem, fact: str
) -> None:
    meta = await rede.meta(SEED)
    await rede.approve(meta)
    await plan(cenario, 1)
    await cenario.programa.scheduler.release()
    [job] = await take_jobs(cenario.database)
    row, portador = await message(cenario), Portador()

    async def told_first() -> None:
        taken = Taken("wamid.antes", DIGITOS, "", key=f"{row['dia']:%Y%m%d}-{row['id']}")
        await meta.tell(taken, estado)

    portador.antes = told_first
    await portador.outbox(cenario).send_chunk(job)
    after = await message(cenario)
    assert (after["estado"], after["provider_id"]) == (estado, "wamid.antes")
    assert fact in [fato for fato, _ in await cenario.facts(1)], "the history tells that it left"


async def test_news_of_nobodys_message_is_forgotten_after_a_while(cenario: Cenario, rede: Rede) -> None:
    """The hospital's other programs may send over the same number."""
    zapi = await asked_by_zapi(rede)
    await zapi.tell(Taken("DE-OUTRO-PROGRAMA", DIGITOS, ""), M.ENVIADA, M.ENTREGUE)
    looked = 0
    for _ in range(130):
        cenario.relogio.pass_time(seconds=5)
        looked += await cenario.programa.scheduler.receive()
    assert await waiting(cenario) == 0
    assert looked <= 2 * 10, "and not looked at every five seconds until then"
    assert (await message(cenario))["estado"] == "enviada"


@pytest.mark.parametrize("key", ["20260305-999999", "20260305-999999999999999999", "99999999-1", "lembrete-7", "0"])
async def test_a_key_that_leads_nowhere_changes_nothing(cenario: Cenario, rede: Rede, key: str) -> None:
    meta = await asked_by_meta(rede)
    await meta.tell(Taken("wamid.alheio", DIGITOS, "", key=key), M.LIDA, M.FALHOU)
    assert (await message(cenario))["estado"] == "enviada"


async def test_the_same_id_at_another_channel_is_another_message(cenario: Cenario, rede: Rede) -> None:
    zapi, other = await asked_by_zapi(rede), await rede.zapi(prioridade=2)
    await other.tell(zapi.sent[0], M.LIDA)
    assert (await message(cenario))["estado"] == "enviada"


async def test_another_hospitals_message_is_out_of_reach_of_a_forged_key(
    cenario: Cenario, rede: Rede, database: Database, outro_hospital: int
) -> None:
    service = ImportacaoService(database, outro_hospital, zona=ZONA)
    await service.importar([make_agenda("9001")], origem="hospital", now=cenario.relogio())
    async with database.session_scope(outro_hospital) as session:
        await LembreteService(session, outro_hospital).plan_due(cenario.relogio())
        row = (await session.execute(text("UPDATE mensagens SET estado = 'enviada' RETURNING id, dia"))).one()
    meta = await asked_by_meta(rede)
    forged = Taken("wamid.forjado", DIGITOS, "", key=f"{row.dia:%Y%m%d}-{row.id}", failure="131050")
    await meta.tell(forged, M.LIDA)
    await meta.tell(forged, M.FALHOU)
    async with database.session_scope(outro_hospital) as session:
        left = (await session.execute(text("SELECT estado, provider_id FROM mensagens"))).one()
        stopped = await session.scalar(text("SELECT count(*) FROM contatos WHERE optout_em IS NOT NULL"))
    assert (left.estado, left.provider_id, stopped) == ("enviada", None, 0)


# what did not arrive after all


@pytest.mark.parametrize(
    ("code", "atencao"),
    [
        pytest.param("131000", None, id="passing: once more, later"),
        pytest.param("130429", None, id="too fast: once more, later"),
        pytest.param("190", None, id="the account's fault: once more"),
        pytest.param("131026", "numero_recusado", id="no WhatsApp"),
        pytest.param("131049", "nao_entregue", id="withheld"),
        pytest.param("131050", "pediu_para_parar", id="stopped"),
        pytest.param("132001", "nao_entregue", id="the template"),
        pytest.param("131051", "nao_entregue", id="this message, as it is"),
        pytest.param("999999", "nao_entregue", id="a code nobody knows"),
    ],
)
async def test_what_a_failure_that_comes_later_asks_of_us(
    cenario: Cenario, rede: Rede, code: str, atencao: str | None
) -> None:
    meta = await asked_by_meta(rede, undelivered={DIGITOS: int(code)})
    await meta.tell(meta.sent[0], M.ENVIADA)
    await meta.tell(meta.sent[0], M.FALHOU)
    await cenario.send()
    assert len(meta.sent) == 1, "nothing is repeated at once"
    cenario.relogio.pass_time(hours=1)
    await cenario.send()
    repeated = [] if atencao else ["enviada"]
    assert [estado for _, _, estado in await cenario.messages()] == ["falhou", *repeated]
    assert (await cenario.visit())["atencao"] == atencao
    told = {fact for fact, _ in await cenario.facts()} & {"mensagem_falhou", "mensagem_repetida"}
    assert told == {"mensagem_falhou" if atencao else "mensagem_repetida"}


async def test_what_is_not_worth_a_repetition_any_more_is_put_before_a_person(cenario: Cenario, rede: Rede) -> None:
    meta = await asked_by_meta(rede, undelivered={DIGITOS: 131000})
    await cenario.execute("UPDATE mensagens SET ate = :ate", ate=cenario.relogio() + timedelta(seconds=5))
    await meta.tell(meta.sent[0], M.FALHOU)
    assert await states(cenario) == {"falhou": 1}
    assert (await cenario.visit())["atencao"] == "nao_entregue"
    told = {fact for fact, _ in await cenario.facts()} & {"mensagem_falhou", "mensagem_repetida"}
    assert told == {"mensagem_falhou"}


async def test_an_account_at_fault_pauses_its_channel_by_a_receipt_too(cenario: Cenario, rede: Rede) -> None:
    meta, zapi = await asked_by_meta(rede, undelivered={DIGITOS: 131042}), await rede.zapi(prioridade=2)
    await meta.tell(meta.sent[0], M.FALHOU)
    assert (await meta.state())["pausa_motivo"] == "configuracao: 131042"
    await cenario.send()
    assert len(zapi.sent) == 1, "and the next one says it"


async def test_a_pause_by_hand_outlasts_a_gateways_and_keeps_its_reason(cenario: Cenario, rede: Rede) -> None:
    meta = await asked_by_meta(rede, undelivered={DIGITOS: 131042})
    until = cenario.relogio() + timedelta(days=30)
    await meta.set(pausado_ate=until, pausa_motivo="manutenção")
    await meta.tell(meta.sent[0], M.FALHOU)
    state = await meta.state()
    assert (state["pausado_ate"], state["pausa_motivo"]) == (until, "manutenção")


async def test_a_conversation_is_one_channels(cenario: Cenario, rede: Rede) -> None:
    meta, zapi = await asked_by_meta(rede), await rede.zapi(prioridade=2)
    await wrote_on(meta, 1001, ha_minutos=10)
    async with cenario.database.session_scope(cenario.tenant_id) as session:
        canais = [await session.get_one(Canal, via.id) for via in (meta, zapi)]
        latest = [await ultima_entrada(session, canal, f"+{DIGITOS}") for canal in canais]
    assert latest == [cenario.relogio() - timedelta(minutes=10), None]


@pytest.mark.parametrize("code", [131000, 131042])
async def test_what_is_lost_again_and_again_ends_with_a_person(cenario: Cenario, rede: Rede, code: int) -> None:
    meta = await asked_by_meta(rede, undelivered={DIGITOS: code})
    await cenario.execute("UPDATE mensagens SET ate = ate + interval '1 day'")
    for _ in range(8):
        await meta.tell(meta.sent[-1], M.FALHOU)
        cenario.relogio.pass_time(hours=1)
        await cenario.send()
    assert len(meta.sent) == 4
    assert await states(cenario) == {"falhou": 4}
    assert (await cenario.visit())["atencao"] == "nao_entregue"


async def test_an_answer_to_the_repetition_finds_its_visit(cenario: Cenario, rede: Rede) -> None:
    meta = await asked_by_meta(rede, undelivered={DIGITOS: 131000})
    await meta.tell(meta.sent[0], M.FALHOU)
    meta.fake.options.undelivered = {}
    cenario.relogio.pass_time(hours=1)
    await cenario.send()
    await meta.post(meta.fake.receive(PESSOA, said.text("1"), quoted=meta.sent[1].id))
    assert await cenario.status() == ["confirmado"]


async def test_what_was_answered_meanwhile_is_not_repeated(cenario: Cenario, rede: Rede) -> None:
    meta = await asked_by_meta(rede, undelivered={DIGITOS: 131000})
    await meta.tell(meta.sent[0], M.FALHOU)
    await cenario.execute("UPDATE atendimentos SET status_confirmacao = 'confirmado'")
    cenario.relogio.pass_time(hours=1)
    await cenario.send()
    assert len(meta.sent) == 1


async def test_an_uncertain_message_that_surely_failed_is_said_once_more(cenario: Cenario, rede: Rede) -> None:
    meta = await asked_by_meta(rede, undelivered={DIGITOS: 131000})
    await cenario.execute("UPDATE mensagens SET estado = 'incerta', provider_id = NULL")
    await meta.tell(meta.sent[0], M.FALHOU)
    assert [estado for _, _, estado in await cenario.messages()] == ["falhou", "agendada"]


# many, and many at once


async def test_appliers_at_once_take_each_receipt_once(cenario: Cenario, rede: Rede) -> None:
    meta = await rede.meta(SEED, options={"per_second": None})
    await rede.approve(meta)
    await plan(cenario, 60)
    await cenario.send()
    for taken in meta.sent:
        for estado in ARRIVES:
            await meta.post(meta.fake.news(taken, estado))
    taken_by = await asyncio.gather(*(cenario.programa.scheduler.receive() for _ in range(4)))
    assert sum(taken_by) == 180
    assert await states(cenario) == {"lida": 60}


async def test_failures_and_proofs_applied_at_once_end_as_they_would_alone(cenario: Cenario, rede: Rede) -> None:
    meta = await rede.meta(SEED, options={"per_second": None})
    await rede.approve(meta)
    await plan(cenario, 40)
    await cenario.send()
    failing = [Taken(t.id, t.phone, "", key=t.key, failure="131051") for t in meta.sent[:20]]
    for failed, arrived in zip(failing, meta.sent[20:], strict=True):
        await meta.post(meta.fake.news(failed, M.FALHOU))
        await meta.post(meta.fake.news(arrived, M.ENTREGUE))
    await asyncio.gather(*(cenario.programa.scheduler.receive() for _ in range(4)))
    await cenario.programa.scheduler.receive()
    assert await states(cenario) == {"falhou": 20, "entregue": 20}


async def test_a_crash_after_taking_receipts_loses_none(cenario: Cenario, rede: Rede) -> None:
    meta = await asked_by_meta(rede)
    await meta.post(meta.fake.news(meta.sent[0], M.LIDA))

    async def apply_and_die() -> None:
        async with cenario.database.session_scope(cenario.tenant_id) as session:
            service = ReciboService(session, cenario.tenant_id)
            assert await service.apply(cenario.relogio(), ultimos=UltimosRecursos()) == 1
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError, match="crash"):
        await apply_and_die()
    assert ((await message(cenario))["estado"], await waiting(cenario)) == ("enviada", 1)
    await cenario.programa.scheduler.receive()
    assert ((await message(cenario))["estado"], await waiting(cenario)) == ("lida", 0)


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param({"id": "wamid.\x00", "key": None}, id="a byte no database keeps, in the id"),
        pytest.param({"id": "wamid.x", "key": "2026\x00"}, id="in the key"),
        pytest.param({"id": "w" * 20_000, "key": "ours"}, id="an id too long for an index"),
        pytest.param({"id": "w", "key": "k" * 20_000}, id="a key without end"),
    ],
)
async def test_news_nobody_can_keep_spoils_no_other(
    cenario: Cenario, rede: Rede, spoilt: dict[str, str | None]
) -> None:
    meta = await asked_by_meta(rede)
    [sent] = meta.sent
    key = sent.key if spoilt["key"] == "ours" else spoilt["key"]
    bad = meta.fake.news(Taken(str(spoilt["id"]), DIGITOS, "", key=key), M.ENTREGUE)
    answers = await asyncio.gather(meta.post(bad), meta.post(meta.fake.news(sent, M.LIDA)))
    assert [answer.status_code for answer in answers] == [200, 200]
    await cenario.programa.scheduler.receive()
    assert (await message(cenario))["estado"] == "lida"
    assert await waiting(cenario) <= 1


async def test_receipts_of_a_day_with_no_messages_left_are_forgotten(cenario: Cenario, rede: Rede) -> None:
    meta = await asked_by_meta(rede)
    await meta.tell(Taken("wamid.x", DIGITOS, "", key="20200101-1"), M.LIDA)
    cenario.relogio.pass_time(minutes=11)
    await cenario.programa.scheduler.receive()
    assert await waiting(cenario) == 0


async def test_waiting_for_the_gateway_is_no_try(cenario: Cenario, rede: Rede) -> None:
    """Five times too fast, then taken and lost: that was once, and it is said again."""
    zapi = await rede.zapi()
    await plan(cenario, 1)
    zapi.fake.fail_next("send", *[Fault.THROTTLE] * 5)
    for _ in range(6):
        await cenario.send()
        cenario.relogio.pass_time(seconds=8)
    assert ((await message(cenario))["estado"], (await message(cenario))["tentativas"]) == ("enviada", 1)


async def test_the_one_repetition_a_hospital_allows_survives_a_pause_before_it(cenario: Cenario, rede: Rede) -> None:
    zapi = await rede.zapi()
    await cenario.set_politica(ao_incerta="repetir")
    await plan(cenario, 1)
    zapi.fake.fail_next("send", Fault.THROTTLE, Fault.LOST_ANSWER)
    for _ in range(3):
        await cenario.send()
        cenario.relogio.pass_time(seconds=8)
    assert (await message(cenario))["estado"] == "incerta"
    for _ in range(12):
        cenario.relogio.pass_time(minutes=1)
        await cenario.tick()
    assert (await message(cenario))["estado"] == "enviada"
    assert len(zapi.sent) == 2


async def test_a_template_that_was_lost_is_repeated_as_a_template(cenario: Cenario, rede: Rede) -> None:
    meta = await asked_by_meta(rede, undelivered={DIGITOS: 131000})
    await cenario.execute("UPDATE mensagens SET exige_modelo = true")
    await meta.tell(meta.sent[0], M.FALHOU)
    await cenario.execute("UPDATE contatos SET canal_id = :c, ultima_entrada_em = :n", c=meta.id, n=cenario.relogio())
    cenario.relogio.pass_time(hours=1)
    await cenario.send()
    assert [taken.kind for taken in meta.sent] == ["template", "template"]


async def test_a_lost_reply_does_not_hide_what_the_patient_asked(cenario: Cenario, rede: Rede) -> None:
    meta = await asked_by_meta(rede)
    await meta.post(meta.fake.receive(PESSOA, said.text("posso levar acompanhante?")))
    assert (await cenario.visit())["atencao"] == "pergunta"
    cenario.relogio.pass_time(seconds=10)
    await cenario.send()
    reply = meta.sent[-1]
    assert reply.kind == "text"
    await meta.tell(Taken(reply.id, reply.phone, "", key=reply.key, failure="131051"), M.FALHOU)
    assert (await cenario.visit())["atencao"] == "pergunta"
