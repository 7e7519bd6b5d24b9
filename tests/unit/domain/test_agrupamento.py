from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.agrupamento import Agrupamento, Devido, MensagemPlanejada, group_envios, letter
from app.domain.cadencia import Envio, Motivo, Visita, plan_cadencia
from app.domain.feriados import Feriados
from app.domain.janela import Janela, week_hours
from app.domain.politica import NOTA_VESPERA, Passo, Politica, TipoPasso

SP = ZoneInfo("America/Sao_Paulo")
JANELA = Janela(SP, week_hours(), Feriados("ES"))
PEDIDO, LEMBRETE_48H, LEMBRETE_12H = Politica().passos
MAE, VIZINHO = 1, 2


def local(texto: str) -> datetime:
    """Read "qui 12/03 08:00" as an instant of 2026; the weekday is there for the reader."""
    semana, dia, hora = texto.split()
    instant = datetime.strptime(f"{dia}/2026 {hora}", "%d/%m/%Y %H:%M").replace(tzinfo=SP)
    assert ("seg", "ter", "qua", "qui", "sex", "sab", "dom")[instant.weekday()] == semana
    return instant.astimezone(UTC)


def make_devido(
    atendimento_id: int,
    consulta: str = "qui 19/03 15:00",
    *,
    quando: str = "seg 16/03 10:00",
    passo: Passo = PEDIDO,
    contato_id: int = MAE,
    ate: str | None = None,
) -> Devido:
    em = local(consulta)
    envio = Envio(passo, local(quando), local(ate) if ate else em)
    return Devido(atendimento_id, contato_id, JANELA.dia_local(em), em, envio)


def group(
    *devidos: Devido,
    now: str = "seg 16/03 10:00",
    ja_enviado: Mapping[int, str] | None = None,
) -> Agrupamento:
    sent = {contato: local(quando) for contato, quando in (ja_enviado or {}).items()}
    return group_envios(devidos, janela=JANELA, now=local(now), ja_enviado_hoje=sent)


def named(mensagens: Sequence[MensagemPlanejada]) -> list[dict[str, int]]:
    return [{item.letra: item.atendimento_id for item in mensagem.itens} for mensagem in mensagens]


@pytest.mark.parametrize(
    ("devidos", "expected"),
    [
        pytest.param([make_devido(7)], [{"A": 7}], id="one visit"),
        pytest.param(
            [make_devido(7, "qui 19/03 15:00"), make_devido(8, "qui 19/03 09:00")],
            [{"A": 8, "B": 7}],
            id="two children on one day: one message, in the order of the visits",
        ),
        pytest.param(
            [make_devido(9), make_devido(8), make_devido(7)],
            [{"A": 7, "B": 8, "C": 9}],
            id="at the same hour: in a fixed order",
        ),
        pytest.param(
            [make_devido(7), make_devido(8, contato_id=VIZINHO)], [{"A": 7}, {"A": 8}], id="two phones: two messages"
        ),
        pytest.param(
            [make_devido(7), make_devido(8, quando="seg 16/03 15:00")],
            [{"A": 7, "B": 8}],
            id="what is due later today goes along",
        ),
        pytest.param(
            [make_devido(7), make_devido(8, "sex 20/03 09:00", quando="seg 16/03 15:00", passo=LEMBRETE_48H)],
            [{"A": 7, "B": 8}],
            id="whatever it is",
        ),
        pytest.param(
            [make_devido(7, "qui 19/03 07:00"), make_devido(8, quando="ter 17/03 15:00")],
            [{"A": 7, "B": 8}],
            id="the same question about the same day goes along, though due tomorrow",
        ),
        pytest.param(
            [make_devido(7), make_devido(8, "sex 20/03 15:00", quando="ter 17/03 15:00")],
            [{"A": 7}],
            id="a question about another day waits for its own",
        ),
        pytest.param(
            [make_devido(7), make_devido(8, quando="qua 18/03 19:45", passo=LEMBRETE_12H)],
            [{"A": 7}],
            id="a visit added to a day already asked about: only the new one is named",
        ),
        pytest.param([make_devido(7, quando="seg 16/03 10:01")], [], id="nothing is due yet"),
        pytest.param([make_devido(7, ate="seg 16/03 10:00")], [], id="its moment has passed"),
        pytest.param([], [], id="nobody"),
    ],
)
def test_what_leaves_together(devidos: Sequence[Devido], expected: list[dict[str, int]]) -> None:
    assert named(group(*devidos).mensagens) == expected


def test_a_message_of_several_steps_is_its_weightiest() -> None:
    lembrete = make_devido(7, "ter 17/03 09:00", passo=LEMBRETE_12H)
    pedido = make_devido(8, "qui 19/03 09:00", quando="seg 16/03 18:00", ate="ter 17/03 09:30")
    (mensagem,) = group(lembrete, pedido).mensagens
    assert mensagem.passo == PEDIDO
    assert mensagem.dia == date(2026, 3, 17)
    assert mensagem.ate == local("ter 17/03 09:00")
    assert mensagem.quando == local("seg 16/03 10:00")
    assert [item.passo for item in mensagem.itens] == [LEMBRETE_12H, PEDIDO]


@pytest.mark.parametrize(
    ("ja_enviado", "ate", "expected"),
    [
        pytest.param("seg 16/03 08:05", None, (Motivo.LIMITE_DIARIO, "ter 17/03 08:00"), id="held to tomorrow"),
        pytest.param("seg 16/03 08:05", "ter 17/03 08:00", (Motivo.LIMITE_DIARIO, None), id="tomorrow is too late"),
        pytest.param("dom 15/03 19:45", None, None, id="yesterday's message holds nothing"),
    ],
)
def test_a_contact_gets_one_message_a_day(
    ja_enviado: str, ate: str | None, expected: tuple[Motivo, str | None] | None
) -> None:
    agrupamento = group(make_devido(7, ate=ate), ja_enviado={MAE: ja_enviado})
    if expected is None:
        assert named(agrupamento.mensagens) == [{"A": 7}]
        return
    motivo, quando = expected
    (retido,) = agrupamento.retidos
    assert agrupamento.mensagens == ()
    assert (retido.motivo, retido.quando) == (motivo, local(quando) if quando else None)


def test_one_contacts_message_does_not_hold_another() -> None:
    agrupamento = group(make_devido(7), make_devido(8, contato_id=VIZINHO), ja_enviado={MAE: "seg 16/03 08:05"})
    assert named(agrupamento.mensagens) == [{"A": 8}]


def test_outside_the_window_everything_waits() -> None:
    agrupamento = group(make_devido(7, quando="seg 16/03 19:50"), now="seg 16/03 20:00")
    (retido,) = agrupamento.retidos
    assert agrupamento.mensagens == ()
    assert (retido.motivo, retido.quando) == (Motivo.FORA_DA_JANELA, local("ter 17/03 08:00"))


def test_only_what_was_planned_for_a_sunday_leaves_on_a_sunday() -> None:
    domingo = make_devido(7, "seg 16/03 08:00", quando="dom 15/03 08:00")
    sabado = make_devido(8, "seg 16/03 14:00", quando="sab 14/03 12:45", passo=LEMBRETE_12H)
    agrupamento = group(domingo, sabado, now="dom 15/03 08:00")
    assert named(agrupamento.mensagens) == [{"A": 7}]
    assert [retido.devido.atendimento_id for retido in agrupamento.retidos] == [8]


def test_a_note_never_shares_a_message_with_a_question() -> None:
    """The "0" meant for the question would cancel the visit of the note."""
    nota = make_devido(7, "ter 17/03 09:00", passo=NOTA_VESPERA, ate="ter 17/03 00:00")
    agrupamento = group(nota, make_devido(8, quando="seg 16/03 15:00"))
    assert named(agrupamento.mensagens) == [{"A": 8}]
    assert [(pulado.devido.atendimento_id, pulado.motivo) for pulado in agrupamento.retidos] == [
        (7, Motivo.LIMITE_DIARIO)
    ]


def test_two_notes_are_one_message() -> None:
    notas = (make_devido(7, passo=NOTA_VESPERA), make_devido(8, passo=NOTA_VESPERA))
    assert named(group(*notas).mensagens) == [{"A": 7, "B": 8}]


@pytest.mark.parametrize(
    ("posicao", "expected"), [(0, "A"), (25, "Z"), (26, "AA"), (27, "AB"), (51, "AZ"), (52, "BA"), (702, "AAA")]
)
def test_letter(posicao: int, expected: str) -> None:
    assert letter(posicao) == expected


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_no_two_visits_share_a_letter(um: int, outro: int) -> None:
    assert (letter(um) == letter(outro)) == (um == outro)


START = datetime(2026, 3, 9, 3, tzinfo=UTC)  # a Monday's midnight at the unit
VISITAS = st.lists(
    st.tuples(st.sampled_from([MAE, VIZINHO]), st.integers(0, 6 * 24), st.integers(0, 8 * 24 * 4)),
    min_size=1,
    max_size=9,
)


class Semana:
    """A week of a small hospital where nobody answers: plans, groups and sends every half hour."""

    def __init__(self, bookings: Sequence[tuple[int, int, int]], politica: Politica) -> None:
        self.politica = politica
        self.visitas = {
            n: (
                contato,
                Visita(START + timedelta(hours=booked, minutes=15 * lead + 1), START + timedelta(hours=booked)),
            )
            for n, (contato, booked, lead) in enumerate(bookings)
        }
        self.feitos: dict[int, dict[str, datetime]] = {n: {} for n in self.visitas}
        self.sent: list[MensagemPlanejada] = []

    def tick(self, now: datetime) -> None:
        ultimos = {mensagem.contato_id: mensagem.quando for mensagem in self.sent}
        devidos = [devido for n in self.visitas if (devido := self.next_of(n, now)) is not None]
        agrupamento = group_envios(devidos, janela=JANELA, now=now, ja_enviado_hoje=ultimos)
        for mensagem in agrupamento.mensagens:
            self.sent.append(mensagem)
            for item in mensagem.itens:
                assert item.passo.nome not in self.feitos[item.atendimento_id], "never the same step twice"
                self.feitos[item.atendimento_id][item.passo.nome] = now

    def next_of(self, n: int, now: datetime) -> Devido | None:
        contato, visita = self.visitas[n]
        if visita.visto_em > now:
            return None
        plano = plan_cadencia(self.politica, JANELA, visita, feitos=self.feitos[n], respondida=False, now=now)
        dia = JANELA.dia_local(visita.data_consulta)
        return Devido(n, contato, dia, visita.data_consulta, plano.envio) if plano.envio else None


@settings(deadline=None, max_examples=40)
@given(VISITAS, st.booleans())
def test_a_week_in_which_nobody_answers(bookings: list[tuple[int, int, int]], facultativa: bool) -> None:  # noqa: FBT001
    politica = replace(Politica(), passos=(PEDIDO, LEMBRETE_12H)) if facultativa else Politica()
    semana = Semana(bookings, politica)
    for half_hours in range(14 * 48):
        semana.tick(START + timedelta(minutes=30 * half_hours))
    days = Counter((mensagem.contato_id, JANELA.dia_local(mensagem.quando)) for mensagem in semana.sent)
    assert all(count == 1 for count in days.values()), "one message per contact and day"
    for mensagem in semana.sent:
        assert JANELA.is_open(mensagem.quando) or JANELA.in_emergencia(mensagem.quando)
        assert mensagem.quando < mensagem.ate
        assert [item.letra for item in mensagem.itens] == [letter(n) for n in range(len(mensagem.itens))]
        for item in mensagem.itens:
            assert mensagem.quando < semana.visitas[item.atendimento_id][1].data_consulta, "nothing about the past"
            first = min(semana.feitos[item.atendimento_id].values())
            assert (item.passo.tipo is TipoPasso.PEDIDO) == (mensagem.quando == first), "the first one asks"
