"""Numbers without WhatsApp, closed conversations, people it keeps us from: who is reached how, and who is told."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.domain.confirmacao import EstadoMensagem
from app.simulator.meta import said
from tests.caminhos import BASE_URL, DIGITOS, JOAQUINA, PESSOA, SEED, Rede, Via, open_rede, phones, plan, states
from tests.cenario import Cenario
from tests.fabricas import make_agenda

M = EstadoMensagem
EMAIL = "joaquina@example.com"
_META = {"pendente": "PENDING", "pausado": "PAUSED"}


@pytest.fixture
async def rede(cenario: Cenario) -> AsyncIterator[Rede]:
    async with open_rede(cenario) as opened:
        yield opened


async def zapi_without(rede: Rede, *, at_once: bool = True) -> Via:
    """Add a Z-API that knows that this number has no WhatsApp."""
    via = await rede.zapi()
    via.fake.refusals.without_whatsapp = {DIGITOS}
    via.fake.refusals.refuses_at_once = at_once
    return via


async def ask(cenario: Cenario, **changes: Any) -> None:
    await cenario.importar(make_agenda(**changes))
    await cenario.tick()


async def flag(cenario: Cenario) -> Any:
    [row] = await cenario.rows("SELECT sem_whatsapp_em FROM contatos")
    return row["sem_whatsapp_em"]


async def pass_days(cenario: Cenario, days: float) -> None:
    await cenario.run_until(cenario.relogio() + timedelta(days=days), step=timedelta(hours=1))


async def test_without_a_last_resort_reception_is_told_and_nobody_asks_again(cenario: Cenario, rede: Rede) -> None:
    zapi = await zapi_without(rede)
    await ask(cenario)
    assert await states(cenario) == {"falhou": 1}
    visit = await cenario.visit()
    assert (visit["atencao"], visit["planejar_em"]) == ("numero_recusado", None)
    assert ("mensagem_falhou", "numero_recusado") in await cenario.facts()
    await pass_days(cenario, 2.9)
    assert zapi.tried == 1
    assert await flag(cenario) is not None


async def test_sms_takes_what_whatsapp_refuses_for_its_number(cenario: Cenario, rede: Rede) -> None:
    zapi = await zapi_without(rede)
    sms = await rede.twilio("twilio_sms", prioridade=9)
    await ask(cenario)
    assert (zapi.tried, sms.phones) == (1, [DIGITOS])
    assert await states(cenario) == {"enviada": 1}
    assert (await cenario.visit())["atencao"] is None
    await pass_days(cenario, 1.5)
    assert zapi.tried == 1, "the reminder knows the way"
    assert len(sms.sent) == 2


async def test_what_is_answered_by_sms_is_answered_by_sms(cenario: Cenario, rede: Rede) -> None:
    await zapi_without(rede)
    sms = await rede.twilio("twilio_sms", prioridade=9)
    await ask(cenario)
    fields = {"From": f"+{DIGITOS}", "To": "+553130000000", "Body": "1", "MessageSid": "SM" + "9" * 32}
    fields["AccountSid"] = sms.fake.options.account_sid
    await sms.post(sms.fake.signed(fields, f"{BASE_URL}/webhook/{sms.public_id}"))
    await cenario.send()
    assert await cenario.status() == ["confirmado"]
    assert len(sms.sent) == 2


async def test_sms_is_for_nobody_whom_whatsapp_reaches(cenario: Cenario, rede: Rede) -> None:
    zapi, sms = await rede.zapi(prioridade=5), await rede.twilio("twilio_sms", prioridade=1)
    await ask(cenario)
    assert (len(zapi.sent), len(sms.sent)) == (1, 0)
    await zapi.set(pausado_ate=cenario.relogio() + timedelta(days=1))
    await cenario.importar(make_agenda(2, nome_paciente="Outro", telefone="27998100002"))
    await cenario.tick()
    assert len(sms.sent) == 0, "not even while WhatsApp is away"


async def test_while_the_last_resort_is_paused_its_messages_wait(cenario: Cenario, rede: Rede) -> None:
    zapi = await zapi_without(rede)
    sms = await rede.twilio("twilio_sms", prioridade=9, taxa_por_minuto=60)
    await sms.set(pausado_ate=cenario.relogio() + timedelta(minutes=5))
    await ask(cenario)
    assert (zapi.tried, len(sms.sent), await states(cenario)) == (1, 0, {"agendada": 1})
    cenario.relogio.pass_time(minutes=6)
    await cenario.send()
    assert (zapi.tried, len(sms.sent)) == (1, 1)


async def test_an_sms_whose_number_does_not_exist_either_ends_there(cenario: Cenario, rede: Rede) -> None:
    """Its failure comes as a receipt: without care each would be followed by another SMS."""
    await zapi_without(rede)
    sms = await rede.twilio("twilio_sms", prioridade=9)
    await ask(cenario)
    fields = {"MessageSid": sms.sent[0].id, "MessageStatus": "undelivered", "ErrorCode": "30005"}
    fields |= {"AccountSid": sms.fake.options.account_sid, "From": "+553130000000", "To": f"+{DIGITOS}"}
    without_since = await flag(cenario)
    for _ in range(3):
        cenario.relogio.pass_time(minutes=1)
        await sms.post(sms.fake.signed(fields, sms.sent[0].key or ""))
        await cenario.programa.scheduler.receive()
        await cenario.send()
    assert await flag(cenario) == without_since, "of WhatsApp it tells nothing"
    assert len(sms.sent) == 1
    assert await states(cenario) == {"falhou": 1}
    assert (await cenario.visit())["atencao"] == "numero_recusado"


async def test_an_email_goes_where_there_is_an_address(cenario: Cenario, rede: Rede) -> None:
    await zapi_without(rede)
    email = await rede.email(prioridade=9)
    await ask(cenario, email=EMAIL)
    assert [mail.recipient for mail in email.fake.mails] == [EMAIL]
    assert await states(cenario) == {"enviada": 1}


async def test_without_an_address_email_is_no_last_resort(cenario: Cenario, rede: Rede) -> None:
    zapi = await zapi_without(rede)
    email = await rede.email(prioridade=9)
    await ask(cenario)
    assert (zapi.tried, email.fake.mails) == (1, [])
    assert await states(cenario) == {"falhou": 1}
    assert (await cenario.visit())["atencao"] == "numero_recusado"


async def test_a_later_visit_without_an_address_does_not_wait_for_nobody(cenario: Cenario, rede: Rede) -> None:
    zapi = await zapi_without(rede)
    await rede.email(prioridade=9)
    await cenario.importar(make_agenda())
    await cenario.execute("UPDATE contatos SET sem_whatsapp_em = :n", n=cenario.relogio())
    await cenario.tick()
    assert zapi.tried == 1, "the only way there is"
    assert (await cenario.visit())["atencao"] == "numero_recusado"


async def test_who_writes_on_whatsapp_has_whatsapp(cenario: Cenario, rede: Rede) -> None:
    zapi = await zapi_without(rede)
    sms = await rede.twilio("twilio_sms", prioridade=9)
    await ask(cenario)
    assert len(sms.sent) == 1
    zapi.fake.refusals.without_whatsapp = set()
    await zapi.post(zapi.fake.calls.aviso(zapi.fake.calls.text(JOAQUINA, "1")))
    await cenario.send()
    assert await cenario.status() == ["confirmado"]
    assert (len(zapi.sent), len(sms.sent)) == (1, 1), "the answer goes back where they wrote"
    assert await flag(cenario) is None


async def test_a_number_found_out_later_is_reached_by_sms_once(cenario: Cenario, rede: Rede) -> None:
    """Z-API takes it and says afterwards that there is no such number; and says so twice."""
    zapi = await zapi_without(rede, at_once=False)
    sms = await rede.twilio("twilio_sms", prioridade=9)
    await ask(cenario)
    assert len(zapi.sent) == 1
    await zapi.tell(zapi.sent[0], M.FALHOU, M.FALHOU)
    await zapi.tell(zapi.sent[0], M.FALHOU)
    await cenario.send()
    assert sms.phones == [DIGITOS]
    assert await cenario.messages() == [("pedido", "pedido", "falhou"), ("pedido", "pedido", "enviada")]
    assert ("mensagem_repetida", "numero_recusado") in await cenario.facts()
    assert (await cenario.visit())["atencao"] is None


# the official channel's closed door


async def test_outside_the_24_hours_the_approved_text_leaves_with_its_buttons(cenario: Cenario, rede: Rede) -> None:
    meta = await rede.meta(SEED)
    await rede.approve(meta)
    await ask(cenario)
    [taken] = meta.sent
    assert (taken.kind, taken.failure) == ("template", None)
    assert taken.text.startswith("Olá Joaquina, você tem consulta ")
    [row] = await cenario.rows("SELECT id, dia FROM mensagens")
    assert taken.key == f"{row['dia']:%Y%m%d}-{row['id']}"


@pytest.mark.parametrize(
    ("estado", "why"),
    [
        pytest.param(None, "sem_texto_aprovado", id="none is linked"),
        pytest.param("pendente", "texto_nao_aprovado", id="one that waits"),
        pytest.param("pausado", "texto_nao_aprovado", id="one that was taken back"),
    ],
)
async def test_without_an_approved_text_a_person_is_called_and_nothing_is_sent(
    cenario: Cenario, rede: Rede, estado: str | None, why: str
) -> None:
    meta = await rede.meta(replace(SEED, status=_META[estado]) if estado else SEED)
    if estado:
        await rede.approve(meta, estado=estado)
    await ask(cenario)
    assert meta.tried == 0
    assert ("mensagem_falhou", why) in await cenario.facts()
    assert (await cenario.visit())["atencao"] == "nao_entregue"


async def test_within_the_24_hours_a_free_text_leaves(cenario: Cenario, rede: Rede) -> None:
    meta = await rede.meta(SEED)
    await cenario.importar(make_agenda())
    await meta.post(meta.fake.receive(PESSOA, said.text("bom dia")))
    cenario.relogio.pass_time(minutes=30)
    await cenario.tick()
    kinds = [taken.kind for taken in meta.sent]
    assert "interactive" in kinds, "the question, with its buttons"
    assert all(taken.failure is None for taken in meta.sent)


async def test_a_conversation_on_another_channel_opens_none_here(cenario: Cenario, rede: Rede) -> None:
    meta, zapi = await rede.meta(SEED, prioridade=2), await rede.zapi(prioridade=1)
    await rede.approve(meta)
    await cenario.importar(make_agenda())
    await zapi.post(zapi.fake.calls.aviso(zapi.fake.calls.text(JOAQUINA, "bom dia")))
    await zapi.set(pausado_ate=cenario.relogio() + timedelta(hours=1))
    cenario.relogio.pass_time(minutes=2)
    await cenario.tick()
    assert "template" in [taken.kind for taken in meta.sent]
    assert all(taken.failure is None for taken in meta.sent)


async def believed_open(cenario: Cenario, rede: Rede, **options: Any) -> Via:
    """Let us believe a conversation open that the gateway thinks closed."""
    meta = await rede.meta(SEED, options=options)
    await rede.approve(meta)
    await cenario.importar(make_agenda())
    await cenario.execute("UPDATE contatos SET canal_id = :c, ultima_entrada_em = :n", c=meta.id, n=cenario.relogio())
    cenario.relogio.pass_time(hours=23, minutes=30)
    await cenario.tick()
    return meta


async def test_told_at_once_that_it_is_closed_the_message_leaves_as_a_template(cenario: Cenario, rede: Rede) -> None:
    meta = await believed_open(cenario, rede, refused={DIGITOS: 131047})
    assert (await states(cenario))["falhou"] == 1, "the fake refuses templates to this number as well"
    assert [row["status"] for row in meta.fake.log if row["caminho"].endswith("/messages")] == [400, 400]
    assert ("mensagem_falhou", "fora_da_conversa") in await cenario.facts()
    assert (await cenario.visit())["atencao"] == "nao_entregue"


async def test_told_later_that_it_is_closed_a_template_follows_once(cenario: Cenario, rede: Rede) -> None:
    meta = await believed_open(cenario, rede)
    [first] = meta.sent
    assert (first.kind, first.failure) == ("interactive", "131047")
    for _ in range(2):
        await meta.tell(first, M.FALHOU)
        cenario.relogio.pass_time(seconds=10)
        await cenario.send()
    assert [taken.kind for taken in meta.sent] == ["interactive", "template"]
    assert [estado for _, _, estado in await cenario.messages()] == ["falhou", "enviada"]
    assert (await cenario.visit())["atencao"] is None
    await meta.tell(meta.sent[1], M.ENTREGUE, M.LIDA)
    assert [estado for _, _, estado in await cenario.messages()] == ["falhou", "lida"]


# who does not want us, and whom WhatsApp keeps from us


@pytest.mark.parametrize("later", [False, True], ids=["told at once", "told by receipt"])
async def test_what_whatsapp_withholds_is_not_repeated_and_a_person_calls(
    cenario: Cenario, rede: Rede, *, later: bool
) -> None:
    meta = await rede.meta(SEED, options={"undelivered" if later else "refused": {DIGITOS: 131049}})
    await rede.approve(meta)
    await ask(cenario)
    if later:
        await meta.tell(meta.sent[0], M.FALHOU)
        await cenario.send()
    assert await states(cenario) == {"falhou": 1}
    assert ("mensagem_falhou", "retida_pelo_whatsapp") in await cenario.facts()
    assert (await cenario.visit())["atencao"] == "nao_entregue"


@pytest.mark.parametrize("later", [False, True], ids=["told at once", "told by receipt"])
async def test_who_stopped_us_at_whatsapp_hears_no_more_on_any_channel(
    cenario: Cenario, rede: Rede, *, later: bool
) -> None:
    meta = await rede.meta(SEED, options={"undelivered" if later else "refused": {DIGITOS: 131050}})
    zapi = await rede.zapi(prioridade=2)
    await rede.approve(meta)
    await rede.approve(meta, "lembrete")
    await cenario.importar(
        make_agenda(1001), make_agenda(1002, data_consulta=make_agenda().data_consulta + timedelta(days=4))
    )
    await cenario.tick()
    if later:
        await meta.tell(meta.sent[0], M.FALHOU)
    [row] = await cenario.rows("SELECT optout_em FROM contatos")
    assert row["optout_em"] is not None
    tried = meta.tried
    await pass_days(cenario, 6)
    assert (meta.tried, zapi.tried) == (tried, 0)
    assert (await cenario.visit(1001))["atencao"] == "pediu_para_parar"
    assert (await cenario.visit(1002))["atencao"] == "pediu_para_parar", "reception must call about this one too"


async def test_one_person_who_got_too_many_waits_alone(cenario: Cenario, rede: Rede) -> None:
    meta = await rede.meta(SEED, options={"refused": {phones(1)[0]: 131056}})
    await rede.approve(meta)
    await plan(cenario, 3)
    await cenario.send()
    assert sorted(meta.phones) == phones(2, 3)
    state = await meta.state()
    assert (state["pausado_ate"], state["erros"]) == (None, 0), (
        "nobody else waits, and the channel is as well as before"
    )
    await plan(cenario, 4)
    meta.fake.options.refused.clear()
    await cenario.send()
    assert sorted(meta.phones) == phones(2, 3, 4), "too soon for the first"
    cenario.relogio.pass_time(seconds=90)
    await cenario.send()
    assert sorted(meta.phones) == phones(1, 2, 3, 4)
