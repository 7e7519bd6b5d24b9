"""Conversations over the real webhook: who is waited for, who talks, when the program keeps silent."""

from datetime import timedelta

import pytest

from app.auth.porteiro import operador
from app.domain.permissao import Identidade, Permissao, TipoIdentidade
from app.domain.posse import CALADO_POR
from app.services.conversa_service import ConversaMudou, ConversaService, DeOutraPessoa, NaoPodeResponder
from tests.cenario import Cenario
from tests.fabricas import make_agenda

PERGUNTA = "precisa levar algum documento?"


def person(cenario: Cenario, ident: int, nome: str) -> Identidade:
    return Identidade(cenario.tenant_id, TipoIdentidade.USUARIO, ident, nome, frozenset(Permissao))


async def asked(cenario: Cenario) -> int:
    await cenario.importar(make_agenda())
    await cenario.tick()
    cenario.relogio.pass_time(seconds=40)
    [row] = await cenario.rows("SELECT id FROM contatos")
    return int(row["id"])


async def state(cenario: Cenario) -> tuple[str, str | None, int]:
    [row] = await cenario.rows("SELECT estado, motivo, versao FROM conversas")
    return row["estado"], row["motivo"], row["versao"]


async def act(cenario: Cenario, quem: Identidade, verb: str, contato: int, *args: str, **more: object) -> None:
    async with cenario.database.session_scope(cenario.tenant_id) as session:
        await getattr(ConversaService(session, quem), verb)(contato, *args, now=cenario.relogio(), **more)
    await cenario.send()


async def test_a_question_waits_for_a_person_and_a_yes_does_not(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.reply("talvez")
    assert (await state(cenario))[0] == "robo"
    cenario.relogio.pass_time(seconds=40)
    await cenario.reply("quero falar com um atendente sobre outro assunto")
    assert await state(cenario) == ("aguardando_pessoa", "pergunta", 0)


async def test_while_a_person_talks_the_program_is_silent_and_a_yes_answers_them(cenario: Cenario) -> None:
    contato = await asked(cenario)
    rosa = person(cenario, 1, "Rosa")
    await act(cenario, rosa, "answer", contato, "Bom dia! Traga o RG. Prefere vir de manhã?", versao=0)
    said = cenario.texts()
    assert said[-1] == "Bom dia! Traga o RG. Prefere vir de manhã?"
    cenario.relogio.pass_time(minutes=2)
    body = await cenario.reply("sim")
    assert body["status"] == "ENCAMINHADO"
    assert await cenario.status() == ["aguardando"]
    assert cenario.texts() == said
    await act(cenario, rosa, "give_back", contato, versao=1)
    cenario.relogio.pass_time(minutes=20)
    await cenario.reply("sim")
    assert await cenario.status() == ["confirmado"]


async def test_no_reminder_leaves_while_a_person_talks(cenario: Cenario) -> None:
    contato = await asked(cenario)
    rosa = person(cenario, 1, "Rosa")
    await act(cenario, rosa, "answer", contato, "Um momento, por favor.", versao=0)
    count = len(cenario.texts())
    await cenario.execute("UPDATE contatos SET calado_ate = calado_ate + interval '3 days'")
    await cenario.run_until(cenario.relogio.now + timedelta(hours=30), step=timedelta(hours=2))
    assert len(cenario.texts()) == count
    await act(cenario, rosa, "give_back", contato, versao=1)
    await cenario.tick()
    assert len(cenario.texts()) > count


async def test_danger_is_answered_even_then(cenario: Cenario) -> None:
    contato = await asked(cenario)
    await act(cenario, person(cenario, 1, "Rosa"), "take", contato, versao=0, tomar=False)
    await cenario.reply("socorro estou com muita dor no peito")
    assert "192" in cenario.texts()[-1]


async def test_after_the_person_forgot_it_the_program_answers_again(cenario: Cenario) -> None:
    contato = await asked(cenario)
    await act(cenario, person(cenario, 1, "Rosa"), "take", contato, versao=0, tomar=False)
    cenario.relogio.pass_time(hours=CALADO_POR / timedelta(hours=1))
    await cenario.reply("1")
    assert await cenario.status() == ["confirmado"]
    assert (await state(cenario))[0] == "robo"


async def test_two_people_do_not_overwrite_each_other(cenario: Cenario) -> None:
    contato = await asked(cenario)
    rosa, bento = person(cenario, 1, "Rosa"), person(cenario, 2, "Bento")
    await act(cenario, rosa, "answer", contato, "Bom dia!", versao=0)
    with pytest.raises(ConversaMudou) as mudou:
        await act(cenario, bento, "answer", contato, "Boa tarde!", versao=0)
    assert mudou.value.atual == 1
    with pytest.raises(DeOutraPessoa):
        await act(cenario, bento, "answer", contato, "Boa tarde!", versao=1)
    with pytest.raises(DeOutraPessoa):
        await act(cenario, bento, "take", contato, versao=1, tomar=False)
    await act(cenario, bento, "take", contato, versao=1, tomar=True)
    assert [text for text in cenario.texts() if "Boa tarde" in text] == []
    assert (await state(cenario))[2] == 2


async def test_who_asked_us_to_stop_is_not_written_to(cenario: Cenario) -> None:
    contato = await asked(cenario)
    await cenario.reply("não me mandem mais mensagens")
    assert await state(cenario) == ("aguardando_pessoa", "pediu_para_parar", 0)
    with pytest.raises(NaoPodeResponder):
        await act(cenario, operador(cenario.tenant_id), "answer", contato, "Olá", versao=0)


async def test_waiting_is_measured_and_notes_are_sealed(cenario: Cenario) -> None:
    contato = await asked(cenario)
    await cenario.reply("quero falar com um atendente sobre outro assunto")
    cenario.relogio.pass_time(seconds=90)
    rosa = person(cenario, 1, "Rosa")
    await act(cenario, rosa, "answer", contato, "Pois não?", versao=0)
    await act(cenario, rosa, "note", contato, "É a filha que responde.")
    facts = await cenario.rows("SELECT fato, quem, espera_s, nota FROM conversas_fatos ORDER BY id")
    assert [(fact["fato"], fact["quem"], fact["espera_s"]) for fact in facts] == [
        ("pediu_pessoa", "paciente", None),
        ("respondida", "Rosa", 90),
        ("nota", "Rosa", None),
    ]
    assert b"filha" not in bytes(facts[-1]["nota"])
