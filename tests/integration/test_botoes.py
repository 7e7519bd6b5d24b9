"""A touched button answers the question it hangs under, in the hand it was given to, and nowhere else."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from app import crypto
from app.domain.botao import TITULOS, Botao
from app.services.botoes import build_botoes
from app.simulator.meta import Person, said
from app.simulator.zapi import Patient
from tests.caminhos import JOAQUINA, PESSOA, SEED, Rede, Via, open_rede, wrote_on
from tests.cenario import Cenario
from tests.fabricas import CONSULTA_EM, make_agenda

ESPERADO = {Botao.SIM: "confirmado", Botao.NAO: "cancelado", Botao.REMARCAR: "reagendar"}
VIZINHA = "27998777777"


@pytest.fixture
async def rede(cenario: Cenario) -> AsyncIterator[Rede]:
    async with open_rede(cenario) as opened:
        yield opened


async def by_meta(rede: Rede, *, within: bool = False) -> Via:
    meta = await rede.meta(SEED)
    await rede.approve(meta)
    await rede.cenario.importar(make_agenda())
    if within:
        await wrote_on(meta, 1001)
        meta.fake.receive(PESSOA, said.text("oi"))
    await rede.cenario.tick()
    assert [taken.kind for taken in meta.sent] == ["interactive" if within else "template"]
    return meta


async def by_zapi(rede: Rede) -> Via:
    zapi = await rede.zapi(config={"botoes": True})
    await rede.cenario.importar(make_agenda())
    await rede.cenario.tick()
    return zapi


async def payload(cenario: Cenario, botao: Botao, tenant_id: int | None = None) -> str:
    """Return what hangs under the question."""
    [row] = await cenario.rows("SELECT id, contato_id FROM mensagens WHERE tipo = 'pedido' ORDER BY id LIMIT 1")
    finder = crypto.keyring().finder(tenant_id or cenario.tenant_id)
    buttons = build_botoes(finder, contato_id=row["contato_id"], mensagem_id=row["id"])
    return next(button.payload for button in buttons if button.title == TITULOS[botao])


async def unchanged(cenario: Cenario) -> None:
    assert await cenario.status() == ["aguardando"]
    visit = await cenario.visit()
    assert (visit["atencao"], visit["respondido_em"]) == (None, None)
    assert [tipo for tipo, _, _ in await cenario.messages()] == ["pedido"], "and nothing is said back"


@pytest.mark.parametrize("botao", list(Botao))
async def test_a_templates_button(cenario: Cenario, rede: Rede, botao: Botao) -> None:
    meta = await by_meta(rede)
    touched = said.template_button(await payload(cenario, botao), SEED.buttons[list(Botao).index(botao)])
    answer = await meta.post(meta.fake.receive(PESSOA, touched, quoted=meta.sent[0].id))
    assert answer.status_code == 200
    assert await cenario.status() == [ESPERADO[botao]]


@pytest.mark.parametrize("botao", list(Botao))
async def test_a_button_of_an_open_conversation(cenario: Cenario, rede: Rede, botao: Botao) -> None:
    meta = await by_meta(rede, within=True)
    await meta.post(meta.fake.receive(PESSOA, said.button(await payload(cenario, botao), TITULOS[botao])))
    assert await cenario.status() == [ESPERADO[botao]]


@pytest.mark.parametrize("botao", list(Botao))
async def test_a_button_of_z_api_comes_back_as_it_was_sent(cenario: Cenario, rede: Rede, botao: Botao) -> None:
    zapi = await by_zapi(rede)
    shown = {one["label"]: one["id"] for one in zapi.fake.bodies[0]["buttonList"]["buttons"]}
    assert shown[TITULOS[botao]] == await payload(cenario, botao)
    calls = zapi.fake.calls
    await zapi.post(calls.aviso(calls.button(JOAQUINA, shown[TITULOS[botao]], TITULOS[botao], quoted=zapi.sent[0].id)))
    assert await cenario.status() == [ESPERADO[botao]]


async def test_a_button_of_the_first_of_two_questions_answers_the_first(cenario: Cenario, rede: Rede) -> None:
    zapi = await by_zapi(rede)
    await cenario.importar(make_agenda(1002, data_consulta=CONSULTA_EM + timedelta(days=1)))
    cenario.relogio.pass_time(hours=24, minutes=5)
    await cenario.tick()
    assert await cenario.status(1001, 1002) == ["aguardando", "aguardando"]
    calls = zapi.fake.calls
    given = await payload(cenario, Botao.NAO)
    await zapi.post(calls.aviso(calls.button(JOAQUINA, given, "Não posso ir", quoted=zapi.sent[0].id)))
    assert await cenario.status(1001, 1002) == ["cancelado", "aguardando"]


async def test_forwarded_to_somebody_else_it_does_nothing(cenario: Cenario, rede: Rede) -> None:
    meta = await by_meta(rede)
    touched = said.template_button(await payload(cenario, Botao.NAO), "Não posso ir")
    answer = await meta.post(meta.fake.receive(Person(f"55{VIZINHA}", "Vizinha"), touched))
    assert answer.body["status"] == "NAO_ENTENDIDO"
    await unchanged(cenario)


async def test_forwarded_to_another_patient_it_answers_nothing_of_theirs(cenario: Cenario, rede: Rede) -> None:
    meta = await by_meta(rede)
    given = await payload(cenario, Botao.NAO)
    await cenario.importar(make_agenda(1002, nome_paciente="Vizinha", telefone=VIZINHA))
    await cenario.tick()
    await meta.post(meta.fake.receive(Person(f"55{VIZINHA}", "Vizinha"), said.template_button(given, "Não posso ir")))
    assert await cenario.status(1001, 1002) == ["aguardando", "aguardando"]


async def test_forwarded_it_proves_nothing_of_an_uncertain_question(cenario: Cenario, rede: Rede) -> None:
    meta = await by_meta(rede)
    given = await payload(cenario, Botao.NAO)
    await cenario.importar(make_agenda(1002, nome_paciente="Vizinha", telefone=VIZINHA))
    await cenario.tick()
    await cenario.execute("UPDATE mensagens SET estado = 'incerta'")
    await meta.post(meta.fake.receive(Person(f"55{VIZINHA}", "Vizinha"), said.template_button(given, "Não posso ir")))
    assert [estado for _, _, estado in await cenario.messages()] == ["incerta", "incerta"]


@pytest.mark.parametrize("edit", ["another button", "another question", "another hospital", "made up"])
async def test_what_was_edited_does_nothing(cenario: Cenario, rede: Rede, edit: str, outro_hospital: int) -> None:
    meta = await by_meta(rede)
    mine: dict[str, Any] = {
        "another button": (await payload(cenario, Botao.SIM)).replace(".sim.", ".nao."),
        "another question": (await payload(cenario, Botao.NAO)).replace("cf1.nao.", "cf1.nao.1"),
        "another hospital": await payload(cenario, Botao.NAO, outro_hospital),
        "made up": f"cf1.nao.1.{'0' * 32}",
    }
    await meta.post(meta.fake.receive(PESSOA, said.template_button(mine[edit], "Não posso ir")))
    await unchanged(cenario)


async def test_a_foreign_buttons_words_are_read_as_words(cenario: Cenario, rede: Rede) -> None:
    """A template whose buttons carry no payload of ours: what the label says is what was said."""
    zapi = await by_zapi(rede)
    calls = zapi.fake.calls
    patient = Patient(JOAQUINA.phone)
    await zapi.post(calls.aviso(calls.button(patient, "1", "Confirmar", quoted=zapi.sent[0].id)))
    assert await cenario.status() == ["confirmado"]


async def test_touched_twice_it_is_one_answer(cenario: Cenario, rede: Rede) -> None:
    meta = await by_meta(rede)
    given = await payload(cenario, Botao.SIM)
    for _ in range(2):
        cenario.relogio.pass_time(minutes=1)
        await meta.post(meta.fake.receive(PESSOA, said.template_button(given, "Confirmar")))
    assert await cenario.status() == ["confirmado"]
    assert [fact for fact, _ in await cenario.facts()].count("mensagem_planejada") == 1


async def test_a_thumb_under_the_question_is_kept_and_nothing_else(cenario: Cenario, rede: Rede) -> None:
    meta = await by_meta(rede)
    await meta.post(meta.fake.receive(PESSOA, said.reaction("👍", meta.sent[0].id)))
    await unchanged(cenario)
