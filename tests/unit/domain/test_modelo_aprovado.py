"""Approved texts: what fills them, when they may carry a message, and what a gateway's news makes of them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.aprovacao import Alerta, Aprovacao, AprovacaoLida, EstadoAprovacao, read_aprovacao
from app.domain.mensagem import build_contexto, tell_visita
from app.domain.modelo import ModeloInvalido
from app.domain.modelo_aprovado import (
    VALORES,
    Impedimento,
    ModeloAprovado,
    ModeloPreenchido,
    check_aprovado,
    clean_valor,
    fill_aprovado,
    read_valores,
    review_aprovado,
)
from app.domain.politica import Politica
from tests.fabricas import AGORA, local, make_contada, make_janela

ABERTA = Politica(mostrar_especialidade=True, mostrar_medico=True)
REGULADA = replace(ABERTA, especialidades_reguladas=frozenset({"cardiologia"}))
NADA: dict[str, Any] = {"unidade": None, "endereco": None, "chegar_antes_min": None, "preparo": None}
E = EstadoAprovacao


def contexto(*visitas: dict[str, Any], politica: Politica = ABERTA, telefone: str | None = None) -> dict[str, Any]:
    told = [
        tell_visita(make_contada(letra=letra, **visita), janela=make_janela(), politica=politica, now=AGORA)
        for letra, visita in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", visitas or ({},), strict=False)
    ]
    return build_contexto(told, hospital="Santa Casa", telefone_hospital=telefone)


def aprovado(*valores: str, **changes: Any) -> ModeloAprovado:
    return ModeloAprovado(**{"nome": "confirma", "idioma": "pt_BR", "valores": read_valores(valores), **changes})


def said(valor: str, *visitas: dict[str, Any], politica: Politica = ABERTA, telefone: str | None = None) -> str | None:
    names = dict.fromkeys((valor, "visitas") if len(visitas) > 1 else (valor,))
    filled = fill_aprovado(aprovado(*names), "vespera", contexto(*visitas, politica=politica, telefone=telefone))
    return filled.valores[0][1] if isinstance(filled, ModeloPreenchido) else None


@pytest.mark.parametrize(
    ("valor", "esperado"),
    [
        ("nome", "Joaquina"),
        ("hospital", "Santa Casa"),
        ("quando", "quinta-feira, 05/03, às 10:00"),
        ("data", "05/03/2026"),
        ("hora", "10:00"),
        ("tipo", "uma consulta"),
        ("tipo_curto", "consulta"),
        ("unidade", "Ambulatório Central"),
        ("endereco", "Rua das Acácias, 100"),
        ("especialidade", "Cardiologia"),
        ("medico", "Dra. Helena Prado"),
        ("preparo", "Venha em jejum de 8 horas."),
        ("chegar_antes_min", "15"),
        ("aviso", "Se não puder vir, avise: outra pessoa poderá usar a vaga."),
        ("visitas", "consulta quinta-feira, 05/03, às 10:00, em Ambulatório Central"),
    ],
)
def test_what_one_visit_tells(valor: str, esperado: str) -> None:
    assert said(valor) == esperado


@pytest.mark.parametrize(
    ("valor", "esperado"),
    [
        ("unidade", "Santa Casa"),
        ("endereco", "Santa Casa"),
        ("telefone_hospital", "a recepção"),
        ("preparo", "nenhum preparo informado"),
        ("chegar_antes_min", "alguns"),
        ("visitas", "consulta quinta-feira, 05/03, às 10:00"),
    ],
)
def test_what_nobody_knows_becomes_a_word_that_fits_any_sentence(valor: str, esperado: str) -> None:
    assert said(valor, NADA) == esperado


def test_every_value_can_be_told_of_any_visit() -> None:
    for visita in ({}, NADA):
        assert [valor for valor in VALORES if not said(valor, visita)] == []


@pytest.mark.parametrize("politica", [Politica(), ABERTA], ids=["nothing shown", "everything shown"])
def test_an_illness_is_not_named(politica: Politica) -> None:
    visita = {"especialidade": "Infectologia - HIV", "nome_medico": "Dr. Segredo"}
    assert said("especialidade", visita, politica=politica) == "atendimento"
    assert said("medico", visita, politica=politica) == "a equipe"
    assert "HIV" not in str(said("visitas", visita, politica=politica))


def test_two_childrens_visits_go_into_one_line_by_letter() -> None:
    ana = {"nome_paciente": "Ana Souza"}
    bia = {"nome_paciente": "Bia Souza", "data_consulta": local("2026-03-05", "11:30"), "unidade": None}
    assert said("visitas", ana, bia) == (
        "A) Ana: consulta quinta-feira, 05/03, às 10:00, em Ambulatório Central; "
        "B) Bia: consulta quinta-feira, 05/03, às 11:30"
    )
    assert said("nome", ana, bia) == "Ana e Bia"
    assert said("nome", ana, bia, {"nome_paciente": "Caio"}) == "Ana, Bia e Caio"
    assert said("data", ana, bia) == "05/03/2026"


def test_what_differs_between_visits_is_not_told_of_the_first() -> None:
    outra = {"data_consulta": local("2026-03-05", "11:30")}
    assert said("quando", {}, outra) is None
    assert said("hora", {}, outra) is None
    assert said("unidade", {}, {"unidade": None}) is None


def test_many_visits_are_told_without_their_places_and_none_is_left_out() -> None:
    muitas = [{"nome_paciente": f"Maria{n}", "unidade": "Ambulatório de Especialidades"} for n in range(9)]
    line = said("visitas", *muitas) or ""
    assert all(f"Maria{n}:" in line for n in range(9))
    assert "Ambulatório" not in line
    assert said("visitas", *muitas, *muitas) is None


def test_half_an_instruction_is_not_told() -> None:
    assert said("preparo", {"preparo": "Jejum. " * 50}) == "pergunte à recepção"


def test_a_long_place_is_cut_where_it_does_no_harm() -> None:
    told = said("unidade", {"unidade": "Ambulatório " * 20}) or ""
    assert len(told) <= 80
    assert told.endswith("…")


@pytest.mark.parametrize(
    ("texto", "limpo"),
    [
        ("Jejum\nde\t8   horas", "Jejum de 8 horas"),
        ("  a\r\nb ", "a b"),
        ("a\x00b", "ab"),
        (15, "15"),
        (None, ""),
        ("\n", ""),
    ],
)
def test_values_are_as_gateways_demand(texto: object, limpo: str) -> None:
    assert clean_valor(texto) == limpo


@given(st.text())
def test_no_text_at_all_breaks_a_line(texto: str) -> None:
    limpo = clean_valor(texto)
    assert limpo == limpo.strip()
    assert "  " not in limpo
    assert not set(limpo) & set("\n\r\t\v\f")
    assert len(limpo.splitlines()) <= 1


@pytest.mark.parametrize(
    ("texto", "visitas", "politica", "esperado"),
    [
        pytest.param(None, [{}], ABERTA, Impedimento.SEM_TEXTO, id="nothing is approved"),
        pytest.param(aprovado("nome", estado=E.PAUSADO), [{}], ABERTA, Impedimento.NAO_APROVADO, id="paused"),
        pytest.param(aprovado("nome", estado=E.DESCONHECIDO), [{}], ABERTA, Impedimento.NAO_APROVADO, id="not asked"),
        pytest.param(aprovado("nome"), [{}, {}], ABERTA, Impedimento.UMA_VISITA, id="one of several"),
        pytest.param(aprovado("quando"), [{}], REGULADA, Impedimento.SEM_AVISO, id="no warning"),
        pytest.param(aprovado("quando", "aviso"), [{}], REGULADA, None, id="the warning is a value"),
        pytest.param(aprovado("visitas"), [{}, {}], REGULADA, None, id="the line of visits warns"),
        pytest.param(aprovado("cpf"), [{}], ABERTA, Impedimento.SEM_VALOR, id="no such value"),
        pytest.param(
            aprovado(*["visitas"] * 9), [{}, {}], ABERTA, Impedimento.LONGO, id="no room for the text's own words"
        ),
        pytest.param(aprovado(), [{}], ABERTA, None, id="no values at all"),
    ],
)
def test_whether_a_text_carries_a_message(
    texto: ModeloAprovado | None, visitas: list[dict[str, Any]], politica: Politica, esperado: Impedimento | None
) -> None:
    filled = fill_aprovado(texto, "pedido", contexto(*visitas, politica=politica))
    assert (filled if isinstance(filled, Impedimento) else None) is esperado


def test_a_reply_about_nothing_carries_what_needs_no_visit() -> None:
    nothing = build_contexto([], hospital="Santa Casa", telefone_hospital=None)
    assert isinstance(fill_aprovado(aprovado("hospital"), "sair", nothing), ModeloPreenchido)
    assert fill_aprovado(aprovado("quando"), "sair", nothing) is Impedimento.SEM_VALOR


def test_named_and_numbered_variables() -> None:
    named = aprovado(["paciente", "nome"], ["data", "quando"], botoes=2)  # type: ignore[arg-type]
    filled = fill_aprovado(named, "pedido", contexto())
    assert isinstance(filled, ModeloPreenchido)
    assert filled.valores == (("paciente", "Joaquina"), ("data", "quinta-feira, 05/03, às 10:00"))
    assert (filled.nomeado, filled.botoes) == (True, 2)
    assert aprovado("nome", "quando").valores == (("1", "nome"), ("2", "quando"))
    assert not aprovado("nome").nomeado


@pytest.mark.parametrize("guardado", [[1], [["a"]], [None], [["a", "b", "c"]], [["a", 1]], [{}]])
def test_what_is_stored_wrongly_carries_nothing(guardado: list[Any]) -> None:
    broken = replace(aprovado(), valores=read_valores(guardado))
    assert fill_aprovado(broken, "pedido", contexto()) is Impedimento.SEM_VALOR


@pytest.mark.parametrize(
    ("changes", "frase"),
    [
        pytest.param({"nome": ""}, "nome do texto", id="no name"),
        pytest.param({"nome": "dois nomes"}, "nome do texto", id="a blank in the name"),
        pytest.param({"nome": "x" * 513}, "nome do texto", id="a long name"),
        pytest.param({"idioma": "português"}, "idioma", id="no language code"),
        pytest.param({"valores": (("1", "cpf"),)}, "Não existe o valor cpf", id="no such value"),
        pytest.param({"valores": (("1", "nome"), ("1", "hora"))}, "duas vezes", id="a variable twice"),
        pytest.param({"valores": (("1", "nome"), ("3", "hora"))}, "sem pular", id="a gap"),
        pytest.param({"valores": (("1", "nome"), ("data", "hora"))}, "sem pular", id="numbers and names"),
        pytest.param({"botoes": 11}, "botões", id="too many buttons"),
    ],
)
def test_a_link_that_cannot_work_is_refused(changes: dict[str, Any], frase: str) -> None:
    check_aprovado(aprovado("nome", "quando"))
    with pytest.raises(ModeloInvalido, match=frase):
        check_aprovado(replace(aprovado("nome", "quando"), **changes))


def test_what_a_link_leaves_open_is_said() -> None:
    assert len(review_aprovado(aprovado("quando"), "pedido", reguladas=True)) == 3
    assert review_aprovado(aprovado("visitas", botoes=2), "pedido", reguladas=True) == ()
    assert review_aprovado(aprovado("visitas"), "cancelamento_hospital", reguladas=True) == ()


BEM = AprovacaoLida(E.APROVADO, "utility", ("nome",), 2)


@pytest.mark.parametrize(
    ("antes", "lida", "depois"),
    [
        pytest.param(E.DESCONHECIDO, BEM, (E.APROVADO, None, None), id="asked for the first time"),
        pytest.param(E.APROVADO, BEM, (E.APROVADO, None, None), id="nothing new"),
        pytest.param(E.APROVADO, None, (E.DESATIVADO, "nao_encontrado", Alerta.PERDIDA), id="removed"),
        pytest.param(E.DESATIVADO, None, (E.DESATIVADO, "nao_encontrado", None), id="still removed: said once"),
        pytest.param(
            E.APROVADO, replace(BEM, estado=E.PAUSADO, motivo="x"), (E.PAUSADO, "x", Alerta.PERDIDA), id="paused"
        ),
        pytest.param(E.PENDENTE, replace(BEM, estado=E.PENDENTE), (E.PENDENTE, None, None), id="still waiting"),
        pytest.param(
            E.APROVADO,
            replace(BEM, variaveis=("nome", "hora")),
            (E.DESATIVADO, "variaveis_diferentes", Alerta.PERDIDA),
            id="its variables are others now",
        ),
        pytest.param(
            E.APROVADO, replace(BEM, categoria="marketing"), (E.APROVADO, None, Alerta.CATEGORIA), id="advertising now"
        ),
        pytest.param(E.PAUSADO, BEM, (E.APROVADO, None, None), id="back again"),
    ],
)
def test_what_a_gateways_news_makes_of_a_text(
    antes: EstadoAprovacao, lida: AprovacaoLida | None, depois: tuple[EstadoAprovacao, str | None, Alerta | None]
) -> None:
    nova = read_aprovacao(Aprovacao(antes, "utility", 2), lida, ("nome",))
    assert (nova.estado, nova.motivo, nova.alerta) == depois
