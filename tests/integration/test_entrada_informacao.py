"""What follows over the real webhook: questions answered, voice messages, preferences, and what a person gets."""

from typing import Any

import pytest

from app.services.conhecimento_service import ConhecimentoService
from tests.cenario import Cenario
from tests.fabricas import make_agenda


async def asked(cenario: Cenario, **agenda: Any) -> None:
    await cenario.importar(make_agenda(**agenda))
    await cenario.tick()
    cenario.relogio.pass_time(seconds=40)


async def write(cenario: Cenario, chave: str, texto: str) -> None:
    async with cenario.database.session_scope(cenario.tenant_id) as session:
        service = ConhecimentoService(session, cenario.tenant_id)
        await service.save(chave, texto, None, now=cenario.relogio())


async def test_a_known_answer_is_given_and_our_question_repeated(cenario: Cenario) -> None:
    await asked(cenario)
    await write(cenario, "estacionamento", "Há um estacionamento gratuito ao lado da portaria 2.")
    body = await cenario.reply("tem onde estacionar?")
    assert (body["status"], body["success"]) == ("PERGUNTA_REPETIDA", True)
    assert cenario.texts()[-1].startswith("Há um estacionamento gratuito ao lado da portaria 2.")
    assert "você vem?" in cenario.texts()[-1]
    assert (await cenario.visit())["atencao"] is None
    cenario.relogio.pass_time(seconds=40)
    await cenario.reply("1")
    assert await cenario.status() == ["confirmado"]
    cenario.relogio.pass_time(seconds=40)
    await cenario.reply("tem estacionamento?")
    assert cenario.texts()[-1] == "Há um estacionamento gratuito ao lado da portaria 2."


async def test_the_visits_own_preparation_is_the_answer(cenario: Cenario) -> None:
    await asked(cenario, preparo="Venha em jejum de 8 horas.", chegar_antes_min=20)
    await cenario.reply("precisa de jejum?")
    assert cenario.texts()[-1].startswith("Venha em jejum de 8 horas.")
    cenario.relogio.pass_time(seconds=40)
    await cenario.reply("tenho que chegar antes?")
    assert cenario.texts()[-1].startswith("Chegue 20 minutos antes")


@pytest.mark.parametrize(
    "pergunta",
    ["posso tomar meu remédio em jejum?", "aceita cartão de crédito?", "tem estacionamento?"],
    ids=["about health", "nobody wrote about it", "a topic without words"],
)
async def test_what_is_not_known_is_a_persons(cenario: Cenario, pergunta: str) -> None:
    await asked(cenario, preparo="Venha em jejum de 8 horas.")
    body = await cenario.reply(pergunta)
    assert (body["status"], (await cenario.visit())["atencao"]) == ("ENCAMINHADO", "pergunta")
    assert "uma pessoa da recepção vai responder" in cenario.texts()[-1]


async def test_a_question_beside_a_yes_is_answered_too(cenario: Cenario) -> None:
    await asked(cenario, preparo="Venha em jejum de 8 horas.")
    body = await cenario.reply("confirmo, mas precisa de jejum?")
    assert (body["status"], await cenario.status()) == ("CONFIRMADO", ["confirmado"])
    cenario.relogio.pass_time(seconds=40)
    await cenario.send()
    assert sum("jejum de 8 horas" in text for text in cenario.texts()) >= 1
    assert cenario.texts()[-1].startswith("Venha em jejum de 8 horas.")
    assert (await cenario.visit())["atencao"] is None


async def test_one_nobody_wrote_about_beside_a_yes_is_a_persons(cenario: Cenario) -> None:
    await asked(cenario)
    before = len(cenario.texts())
    await cenario.reply("confirmo, mas posso levar acompanhante?")
    cenario.relogio.pass_time(seconds=40)
    await cenario.send()
    assert len(cenario.texts()) == before + 1, "one word of theirs, one of ours"
    visit = await cenario.visit()
    assert (visit["status_confirmacao"], visit["atencao"]) == ("confirmado", "pergunta")


async def voice(cenario: Cenario, ident: str) -> dict[str, Any]:
    body = await cenario.reply("[áudio]", mensagem_id=ident)
    cenario.relogio.pass_time(seconds=40)
    return body


async def test_a_voice_message_is_asked_for_words_twice_and_then_a_person_listens(cenario: Cenario) -> None:
    await asked(cenario)
    before = len(cenario.texts())
    statuses = [(await voice(cenario, f"m{n}"))["status"] for n in range(5)]
    said = cenario.texts()[before:]
    assert statuses == ["NAO_ENTENDIDO", "NAO_ENTENDIDO", "ENCAMINHADO", "ENCAMINHADO", "ENCAMINHADO"]
    assert ["só conseguimos ler" in text for text in said] == [True, True, False]
    assert (await cenario.visit())["atencao"] == "midia"
    await cenario.reply("1")
    assert await cenario.status() == ["confirmado"]
    [row] = await cenario.rows("SELECT estado FROM conversas")
    assert row["estado"] == "robo", "a plain yes settles it"


async def test_the_days_somebody_prefers_are_kept_for_reception(cenario: Cenario) -> None:
    await asked(cenario)
    body = await cenario.reply("posso remarcar para quinta de manhã?")
    visit = await cenario.visit()
    assert (body["status"], visit["status_confirmacao"], visit["preferencia"]) == (
        "REAGENDAR",
        "reagendar",
        "quinta; manhã",
    )
    assert "quinta; manhã" in cenario.texts()[-1]


async def test_they_may_be_told_afterwards(cenario: Cenario) -> None:
    await asked(cenario)
    await cenario.reply("quero remarcar")
    assert "escreva aqui" in cenario.texts()[-1]
    cenario.relogio.pass_time(minutes=5)
    body = await cenario.reply("sexta à tarde")
    assert (body["status"], (await cenario.visit())["preferencia"]) == ("REAGENDAR", "sexta; tarde")
    assert "Anotamos a sua preferência: sexta; tarde" in cenario.texts()[-1]
    assert (await cenario.visit())["atencao"] is None


async def test_a_machine_at_the_other_end_is_not_informed_for_ever(cenario: Cenario) -> None:
    await asked(cenario, preparo="Venha em jejum de 8 horas.")
    for number in range(30):
        await cenario.reply(f"{('confirmo', 'cancela')[number % 2]}, mas precisa de jejum?", mensagem_id=f"m{number}")
        cenario.relogio.pass_time(seconds=40)
        await cenario.send()
    informed = [text for text in cenario.texts() if text == "Venha em jejum de 8 horas."]
    assert 0 < len(informed) <= 20
