"""Which entry a question asks for; what is a person's; what is never answered."""

import pytest

from app.domain.conhecimento import PADRAO, Conhecimento, Entrada, is_clinico

CONHECIMENTO = Conhecimento(tuple(Entrada(chave, chave, perguntas) for chave, perguntas in PADRAO.items()))


def test_every_typical_question_finds_its_entry() -> None:
    assert dict(CONHECIMENTO.missed()) == {}
    assert all(len(perguntas) >= 6 for perguntas in PADRAO.values())


@pytest.mark.parametrize(
    ("pergunta", "chave"),
    [
        pytest.param("Boa tarde, qual o endereco do hospital por favor", "endereco", id="with courtesies"),
        pytest.param("fica onde mesmo?", "endereco", id="turned round"),
        pytest.param("tem onde estacionar", "estacionamento", id="another form of the word"),
        pytest.param("precisa ir de jejum", "preparo", id="without a question mark"),
        pytest.param("é jejum de quantas horas?", "preparo", id="how long"),
        pytest.param("que hora tenho que chegar", "chegada", id="when to be there"),
        pytest.param("preciso levar documentos", "documentos", id="papers"),
        pytest.param("o que tenho que levar", "levar", id="what to bring"),
        pytest.param("quanto tempo demora?", None, id="not written about"),
        pytest.param("qual o valor?", None, id="nor this"),
        pytest.param("onde é o banheiro", None, id="one word alone is not enough"),
        pytest.param("qual o endereço e tem estacionamento?", None, id="two at once are a person's"),
        pytest.param("preciso levar meu filho?", None, id="a common word, and one nobody knows"),
        pytest.param("quando é minha consulta?", None, id="about the visit itself"),
        pytest.param("", None, id="nothing"),
        pytest.param("?" * 5000, None, id="signs"),
        pytest.param("jejum " * 2000, "preparo", id="one word for ever is that word"),
    ],
)
def test_a_question_finds_its_entry_or_a_person(pergunta: str, chave: str | None) -> None:
    found = CONHECIMENTO.find(pergunta)
    assert (found.chave if found else None) == chave


@pytest.mark.parametrize(
    "pergunta",
    [
        "posso tomar meu remédio em jejum?",
        "estou com febre, preciso de jejum?",
        "sou diabética, quantas horas de jejum?",
        "tomo insulina, tem algum preparo?",
        "estou grávida, pode fazer o exame?",
        "o resultado sai quando? qual o endereço?",
        "tenho que parar o anticoagulante? onde fica?",
        "tenho alergia a contraste, tem preparo?",
    ],
)
def test_nothing_about_health_is_answered(pergunta: str) -> None:
    assert is_clinico(pergunta)
    assert CONHECIMENTO.find(pergunta) is None


def test_an_entry_of_the_hospitals_own_is_found_and_one_that_steals_a_question_shows() -> None:
    own = Entrada("acompanhante", "Pode, sim.", ("posso levar acompanhante?", "pode ir acompanhado?"))
    assert Conhecimento((*CONHECIMENTO.entradas, own)).find("pode acompanhante?") is own
    thief = Entrada("carro", "…", ("tem estacionamento?",))
    missed = Conhecimento((*CONHECIMENTO.entradas, thief)).missed()
    assert "tem estacionamento?" in missed["estacionamento"]


def test_an_empty_hospital_answers_nothing() -> None:
    assert Conhecimento(()).find("qual o endereço?") is None
