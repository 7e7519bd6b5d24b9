"""What a message tells: the day in the unit's words, the minimum for a locked screen, nothing that names an illness."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.domain.mensagem import build_contexto, first_name, tell_visita
from app.domain.modelo import ESCRITO, Modelo, render, shipped_modelos
from app.domain.politica import Politica
from tests.fabricas import AGORA, local, make_contada, make_janela

MANAUS = ZoneInfo("America/Manaus")
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
ABERTA = Politica(mostrar_especialidade=True, mostrar_medico=True)
MODELOS = sorted(shipped_modelos())


def tell(politica: Politica = ABERTA, now: datetime = AGORA, **visita: Any) -> dict[str, Any]:
    return tell_visita(make_contada(**visita), janela=make_janela(), politica=politica, now=now)


def rendered(nome: str, *told: dict[str, Any], telefone: str | None = "(27) 3333-0000") -> str:
    visitas = [{"resposta": "você vem", **visita} for visita in told]
    contexto = build_contexto(visitas, hospital="Santa Casa", telefone_hospital=telefone)
    written = {**contexto, "escrito": ESCRITO}  # what a person of the hospital wrote, where one did
    return render(shipped_modelos()[nome], written)


@pytest.mark.parametrize(
    ("nome", "esperado"),
    [
        pytest.param("JOAQUINA TESTEMUNHA", "Joaquina", id="shouted"),
        pytest.param("joaquina testemunha", "Joaquina", id="small letters"),
        pytest.param("  DE SOUZA  MARIA ", "Souza", id="a particle is nobody's name"),
        pytest.param("José", "José", id="one word, accented"),
        pytest.param("ÉRICA", "Érica", id="an accented capital"),
        pytest.param("", "paciente", id="nothing"),
    ],
)
def test_first_name(nome: str, esperado: str) -> None:
    assert first_name(nome) == esperado


@pytest.mark.parametrize(
    ("zona", "quando"),
    [
        pytest.param(SAO_PAULO, "amanhã, 03/03, às 09:00", id="São Paulo, where it is still the 2nd"),
        pytest.param(MANAUS, "amanhã, 03/03, às 08:00", id="Manaus, an hour behind"),
    ],
)
def test_tomorrow_by_the_units_clock(zona: ZoneInfo, quando: str) -> None:
    told = tell_visita(
        make_contada(data_consulta=local("2026-03-03", "09:00")),
        janela=make_janela(zona),
        politica=ABERTA,
        now=local("2026-03-02", "23:30"),
    )
    assert told["quando"] == quando


@pytest.mark.parametrize(
    ("zona", "quando"),
    [
        pytest.param(SAO_PAULO, "hoje, 03/03, às 09:00", id="past midnight in São Paulo"),
        pytest.param(MANAUS, "amanhã, 03/03, às 08:00", id="not yet midnight in Manaus"),
    ],
)
def test_around_midnight_the_same_instant_is_today_here_and_tomorrow_there(zona: ZoneInfo, quando: str) -> None:
    told = tell_visita(
        make_contada(data_consulta=local("2026-03-03", "09:00")),
        janela=make_janela(zona),
        politica=ABERTA,
        now=local("2026-03-03", "00:30"),
    )
    assert told["quando"] == quando


def test_a_visit_further_off_is_named_by_weekday_and_date() -> None:
    assert tell()["quando"] == "quinta-feira, 05/03, às 10:00"


def test_by_default_neither_specialty_nor_doctor_is_told() -> None:
    told = tell(Politica())
    assert (told["especialidade"], told["medico"]) == (None, None)


@pytest.mark.parametrize(
    "especialidade",
    [
        "Infectologia - HIV/AIDS",
        "ONCOLOGIA CLÍNICA",
        "Psiquiatria",
        "CAPS AD",
        "Quimioterapia",
        "Hanseníase",
        "radioterapia",
    ],
)
@pytest.mark.parametrize("nome", MODELOS)
def test_an_illness_is_never_named_whatever_the_hospital_shows(nome: str, especialidade: str) -> None:
    visita = tell(especialidade=especialidade, nome_medico="Dr. Segredo")
    for told in ((visita,), (visita, {**visita, "letra": "B"})):
        texto = rendered(nome, *told).casefold()
        assert especialidade.casefold() not in texto
        assert "segredo" not in texto


@pytest.mark.parametrize("nome", MODELOS)
@pytest.mark.parametrize("telefone", ["(27) 3333-0000", None])
@pytest.mark.parametrize("bare", [False, True], ids=["all known", "only the time known"])
@pytest.mark.parametrize("quantas", [1, 2])
def test_every_shipped_text_reads_well(nome: str, telefone: str | None, quantas: int, bare: bool) -> None:  # noqa: FBT001
    empty: dict[str, Any] = (
        {"unidade": None, "endereco": None, "chegar_antes_min": None, "preparo": None} if bare else {}
    )
    visitas = [tell(letra=letra, **empty) for letra in "AB"[:quantas]]
    texto = rendered(nome, *visitas, telefone=telefone)
    assert "None" not in texto
    assert "  " not in texto
    assert "\n\n\n\n" not in texto
    assert "{" not in texto
    assert len(texto) < 1500


@pytest.mark.parametrize("nome", MODELOS)
def test_no_text_tells_more_of_a_name_than_the_first(nome: str) -> None:
    assert "Testemunha" not in rendered(nome, tell(), tell(letra="B"))


@pytest.mark.parametrize(
    "nome",
    [
        *("pedido", "lembrete", "mudanca", "nao_entendi", "pergunta_repetida", "duvida", "qual_consulta", "midia"),
        "informacao_pergunta",
    ],
)
def test_a_question_about_two_visits_names_both(nome: str) -> None:
    """A "0" answers for both: whoever reads about one only would cancel what they never read of."""
    ana = tell(nome_paciente="Ana Souza", data_consulta=local("2026-03-05", "10:00"))
    bia = tell(nome_paciente="Bia Souza", data_consulta=local("2026-03-05", "11:30"), letra="B")
    texto = rendered(nome, ana, bia)
    assert all(part in texto for part in ("Ana", "Bia", "10:00", "11:30", "*A*", "*B*")) or all(
        part in texto for part in ("Ana", "Bia", "10:00", "11:30", "*A)*", "*B)*")
    ), texto


@pytest.mark.parametrize(
    "nome", ["cancelado", "reagendar", "passada", "pede_volta", "cancelamento_automatico", "confirmado"]
)
def test_what_is_said_of_two_visits_names_the_hour_of_both(nome: str) -> None:
    um, dois = tell(), tell(letra="B", data_consulta=local("2026-03-05", "11:30"))
    texto = rendered(nome, um, dois)
    assert "10:00" in texto
    assert "11:30" in texto


def test_the_confirmation_brings_preparation_address_and_arrival() -> None:
    texto = rendered("confirmado", tell())
    assert all(part in texto for part in ("jejum de 8 horas", "Rua das Acácias, 100", "15 minutos antes", "10:00"))


def test_what_cannot_be_undone_is_said_before_a_no() -> None:
    politica = replace(ABERTA, especialidades_reguladas=frozenset({"cardiologia"}))
    for nome in ("pedido", "lembrete"):
        assert "não volta" in rendered(nome, tell(politica))


def test_a_mother_of_two_is_not_greeted_by_one_childs_name() -> None:
    ana, bia = tell(nome_paciente="Ana Souza"), tell(nome_paciente="Bia Souza", letra="B")
    contexto = build_contexto([ana, bia], hospital="Santa Casa", telefone_hospital=None)
    assert contexto["nome"] is None
    assert render(Modelo("x", 1, "Olá{% if nome %}, {{ nome }}{% endif %}!"), contexto) == "Olá!"
