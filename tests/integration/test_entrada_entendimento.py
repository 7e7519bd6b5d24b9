"""What only a model understood is asked back before anything is written down."""

import pytest

from tests.cenario import Cenario
from tests.fabricas import make_agenda

NAO_VEM = "pode passar minha vaga adiante, não consigo comparecer dessa vez"


async def asked_back(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()
    cenario.relogio.pass_time(seconds=40)
    body = await cenario.reply(NAO_VEM)
    assert (body["status"], body["success"]) == ("PERGUNTA_REPETIDA", True)
    assert await cenario.status() == ["aguardando"]
    assert "não poderá vir" in cenario.texts()[-1]
    cenario.relogio.pass_time(seconds=40)


@pytest.mark.parametrize(
    ("texto", "status"),
    [
        pytest.param("sim", "cancelado", id="yes, that is it"),
        pytest.param("0", "cancelado", id="zero"),
        pytest.param("1", "confirmado", id="one"),
        pytest.param("não vou mesmo", "cancelado", id="in whole words"),
        pytest.param("eu vou sim", "confirmado", id="the contrary"),
        pytest.param("não", "aguardando", id="a no that denies one or the other"),
    ],
)
async def test_the_answer_to_it_decides(cenario: Cenario, texto: str, status: str) -> None:
    await asked_back(cenario)
    await cenario.reply(texto)
    assert await cenario.status() == [status]


async def test_it_is_asked_once_and_then_a_person_reads(cenario: Cenario) -> None:
    await asked_back(cenario)
    body = await cenario.reply("meu tio não vai conseguir, tá viajando pro sul")
    visit = await cenario.visit()
    assert (body["status"], visit["status_confirmacao"], visit["atencao"]) == (
        "ENCAMINHADO",
        "aguardando",
        "nao_entendido",
    )


async def test_a_later_change_of_mind_is_asked_back_too(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()
    await cenario.reply("1")
    cenario.relogio.pass_time(minutes=30)
    await cenario.reply(NAO_VEM)
    assert await cenario.status() == ["confirmado"]
    cenario.relogio.pass_time(minutes=1)
    await cenario.reply("sim")
    assert await cenario.status() == ["cancelado"]


async def test_a_yes_to_the_question_itself_is_still_a_yes(cenario: Cenario) -> None:
    await cenario.importar(make_agenda())
    await cenario.tick()
    await cenario.reply("sim")
    assert await cenario.status() == ["confirmado"]
