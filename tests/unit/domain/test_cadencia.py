from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import cycle
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.cadencia import Motivo, Plano, Visita, plan_cadencia
from app.domain.confirmacao import SituacaoAgenda, StatusConfirmacao
from app.domain.feriados import Feriados
from app.domain.janela import Janela, week_hours
from app.domain.politica import NOTA_VESPERA, PRESETS, Passo, Politica, TipoPasso

SP = ZoneInfo("America/Sao_Paulo")
JANELA = Janela(SP, week_hours(), Feriados("ES"))
PADRAO = Politica()
S = StatusConfirmacao


def local(texto: str) -> datetime:
    """Read "qui 12/03 08:00" as an instant of 2026; the weekday is there for the reader."""
    semana, dia, hora = texto.split()
    instant = datetime.strptime(f"{dia}/2026 {hora}", "%d/%m/%Y %H:%M").replace(tzinfo=SP)
    assert ("seg", "ter", "qua", "qui", "sex", "sab", "dom")[instant.weekday()] == semana
    return instant.astimezone(UTC)


QUINTA = Visita(local("qui 19/03 15:00"), visto_em=local("seg 02/03 10:00"))


def plan(
    now: str,
    visita: Visita = QUINTA,
    *,
    politica: Politica = PADRAO,
    respondida: bool = False,
    feitos: Mapping[str, str] = MappingProxyType({}),
) -> Plano:
    sent = {nome: local(quando) for nome, quando in feitos.items()}
    return plan_cadencia(politica, JANELA, visita, feitos=sent, respondida=respondida, now=local(now))


def shown(plano: Plano) -> tuple[str, str, str] | str:
    """Return step, kind and local time of what is planned, or the reason for nothing."""
    if plano.envio is None:
        return plano.motivo
    passo = plano.envio.passo
    return passo.nome, passo.tipo, f"{JANELA.local(plano.envio.quando):%d/%m %H:%M}"


@pytest.mark.parametrize(
    ("now", "feitos", "expected"),
    [
        pytest.param("ter 10/03 10:00", {}, ("pedido", "pedido", "16/03 15:00"), id="all steps ahead"),
        pytest.param("seg 16/03 15:00", {}, ("pedido", "pedido", "16/03 15:00"), id="the ask is due"),
        pytest.param("seg 16/03 17:30", {}, ("pedido", "pedido", "16/03 17:30"), id="late, before the next step"),
        pytest.param(
            "seg 16/03 23:00", {}, ("pedido", "pedido", "17/03 08:00"), id="late at night: at the next opening"
        ),
        pytest.param("ter 17/03 15:00", {}, ("lembrete_48h", "pedido", "17/03 15:00"), id="whatever goes first, asks"),
        pytest.param(
            "seg 16/03 16:00",
            {"pedido": "seg 16/03 15:00"},
            ("lembrete_48h", "lembrete", "17/03 15:00"),
            id="asked: the reminder is next",
        ),
        pytest.param(
            "qua 18/03 10:00",
            {"pedido": "seg 16/03 15:00"},
            ("lembrete_48h", "lembrete", "18/03 10:00"),
            id="a late reminder, before the next one",
        ),
        pytest.param(
            "qua 18/03 19:50",
            {"pedido": "seg 16/03 15:00"},
            ("lembrete_12h", "lembrete", "18/03 19:50"),
            id="a missed reminder is skipped, not sent beside the next",
        ),
        pytest.param(
            "qua 18/03 11:00",
            {"pedido": "seg 16/03 15:00", "lembrete_48h": "qua 18/03 10:30"},
            ("lembrete_12h", "lembrete", "19/03 08:00"),
            id="a late reminder moves the next to another day",
        ),
        pytest.param(
            "qua 18/03 11:00",
            {"lembrete_48h": "ter 17/03 15:00"},
            ("lembrete_12h", "lembrete", "18/03 19:45"),
            id="12 h before 15:00 is night: the evening before",
        ),
        pytest.param(
            "qui 19/03 11:00",
            {"lembrete_48h": "ter 17/03 15:00", "lembrete_12h": "qua 18/03 19:45"},
            "cadencia_cumprida",
            id="everything was said",
        ),
        pytest.param(
            "qui 19/03 14:59", {}, ("lembrete_12h", "pedido", "19/03 14:59"), id="valid until the visit starts"
        ),
        pytest.param("qui 19/03 15:00", {}, "consulta_passada", id="the visit has begun"),
    ],
)
def test_steps_of_a_visit_booked_long_before(now: str, feitos: Mapping[str, str], expected: object) -> None:
    assert shown(plan(now, feitos=feitos)) == expected


def test_a_step_is_valid_until_the_next_ones_time() -> None:
    envio = plan("ter 10/03 10:00").envio
    assert envio is not None
    assert envio.ate == local("ter 17/03 15:00")


def test_skipped_steps_are_told_with_their_reason() -> None:
    plano = plan("qua 18/03 19:50")
    assert [(passo.nome, motivo) for passo, motivo in plano.pulados] == [
        ("pedido", Motivo.PASSOU_DA_VEZ),
        ("lembrete_48h", Motivo.PASSOU_DA_VEZ),
    ]


@pytest.mark.parametrize(
    ("visita", "expected"),
    [
        pytest.param(replace(QUINTA, situacao=SituacaoAgenda.CANCELADO), Motivo.SITUACAO_NAO_PERMITE, id="cancelled"),
        pytest.param(replace(QUINTA, situacao=SituacaoAgenda.DESCONHECIDO), Motivo.SITUACAO_NAO_PERMITE, id="unknown"),
        pytest.param(replace(QUINTA, has_celular=False), Motivo.SEM_CELULAR, id="no mobile phone"),
        pytest.param(replace(QUINTA, data_consulta=local("qui 19/03 00:00")), Motivo.SEM_HORA, id="no hour"),
        pytest.param(replace(QUINTA, status=S.CONFIRMADO), Motivo.RESPONDIDA, id="confirmed: be quiet"),
        pytest.param(replace(QUINTA, status=S.CANCELADO), Motivo.RESPONDIDA, id="the patient cancelled"),
        pytest.param(replace(QUINTA, status=S.REAGENDAR), Motivo.RESPONDIDA, id="the patient wants another day"),
    ],
)
def test_nobody_is_asked_in_vain(visita: Visita, expected: Motivo) -> None:
    assert plan("seg 16/03 15:00", visita) == Plano(expected)


def test_silence_stops_no_remaining_step() -> None:
    desistida = replace(QUINTA, status=S.SEM_RESPOSTA)
    plano = plan("qua 18/03 14:00", desistida, feitos={"pedido": "seg 16/03 15:00", "lembrete_48h": "ter 17/03 15:00"})
    assert shown(plano) == ("lembrete_12h", "lembrete", "18/03 19:45")
    assert plano.corte_em is None


def test_an_answer_a_person_must_read_holds_reminders_but_not_the_cut_off() -> None:
    aguardando = replace(QUINTA, status=S.AGUARDANDO)
    plano = plan("ter 17/03 10:00", aguardando, respondida=True, feitos={"pedido": "seg 16/03 15:00"})
    assert shown(plano) == "respondida"
    assert plano.corte_em == local("qua 18/03 14:00")


@pytest.mark.parametrize(
    ("booked", "consulta", "expected"),
    [
        pytest.param(
            "ter 17/03 09:00", "qui 19/03 15:00", ("pedido", "pedido", "17/03 09:00"), id="two days before: at booking"
        ),
        pytest.param(
            "qui 19/03 09:00", "qui 19/03 15:00", ("lembrete_12h", "pedido", "19/03 09:00"), id="the same morning"
        ),
        pytest.param(
            "qui 19/03 11:00", "qui 19/03 15:00", ("lembrete_12h", "pedido", "19/03 11:00"), id="4 h before: just so"
        ),
        pytest.param("qui 19/03 11:01", "qui 19/03 15:00", "em_cima_da_hora", id="less than 4 h before"),
        pytest.param(
            "qua 18/03 22:00", "qui 19/03 12:00", ("lembrete_12h", "pedido", "19/03 08:00"), id="at night, for noon"
        ),
        pytest.param(
            "qua 18/03 22:00", "qui 19/03 11:00", "em_cima_da_hora", id="at night: the opening leaves less than 4 h"
        ),
        pytest.param("qui 19/03 05:00", "qui 19/03 07:30", "sem_janela", id="at night, for before the opening"),
        pytest.param(
            "sab 14/03 15:00",
            "seg 16/03 08:00",
            ("lembrete_12h", "pedido", "15/03 08:00"),
            id="on Saturday afternoon for Monday's opening: Sunday, for want of better",
        ),
        pytest.param(
            "sab 14/03 15:00",
            "seg 16/03 14:00",
            ("lembrete_12h", "pedido", "16/03 08:00"),
            id="on Saturday afternoon for Monday afternoon: Monday's opening",
        ),
        pytest.param(
            "sab 14/03 15:00",
            "ter 17/03 10:00",
            ("lembrete_48h", "pedido", "16/03 08:00"),
            id="on Saturday afternoon for Tuesday: no Sunday needed",
        ),
    ],
)
def test_booked_after_the_time_of_the_ask(booked: str, consulta: str, expected: object) -> None:
    visita = Visita(local(consulta), visto_em=local(booked))
    assert shown(plan(booked, visita)) == expected


def test_the_history_can_tell_a_late_booking_from_a_late_program() -> None:
    assert plan("ter 17/03 09:00", replace(QUINTA, visto_em=local("ter 17/03 09:00"))).motivo is Motivo.AO_AGENDAR
    assert plan("ter 17/03 09:00").motivo is Motivo.ATRASADO
    assert plan("ter 10/03 09:00").motivo is Motivo.NO_PRAZO
    segunda = Visita(local("seg 16/03 08:00"), visto_em=local("sab 14/03 15:00"))
    assert plan("sab 14/03 15:00", segunda).motivo is Motivo.EM_DIA_FECHADO


def test_asked_at_booking_and_reminded_on_another_day() -> None:
    visita = Visita(local("ter 17/03 10:00"), visto_em=local("seg 16/03 15:00"), status=S.AGUARDANDO)
    plano = plan("seg 16/03 15:01", visita, feitos={"lembrete_48h": "seg 16/03 15:00"})
    assert shown(plano) == ("lembrete_12h", "lembrete", "17/03 08:00")
    assert plano.motivo is Motivo.DIA_SEGUINTE


def test_no_other_day_left_skips_the_reminder() -> None:
    visita = Visita(local("ter 17/03 08:00"), visto_em=local("seg 16/03 15:00"), status=S.AGUARDANDO)
    plano = plan("seg 16/03 15:01", visita, feitos={"lembrete_48h": "seg 16/03 15:00"})
    assert shown(plano) == "cadencia_cumprida"
    assert [(passo.nome, motivo) for passo, motivo in plano.pulados][-1] == ("lembrete_12h", Motivo.LIMITE_DIARIO)


def test_two_steps_on_one_moment_are_one_message() -> None:
    """48 h before Monday 14:00 is after Saturday's closing, 12 h before is Monday's night."""
    visita = Visita(local("seg 16/03 14:00"), visto_em=local("seg 02/03 10:00"))
    plano = plan("sab 14/03 10:00", visita, feitos={"pedido": "sex 13/03 14:00"})
    assert shown(plano) == ("lembrete_12h", "lembrete", "14/03 12:45")
    assert plano.pulados == ((PADRAO.passos[1], Motivo.PASSOU_DA_VEZ),)


@pytest.mark.parametrize(
    ("consulta", "asked", "expected"),
    [
        pytest.param("qui 19/03 15:00", "seg 16/03 15:00", "qua 18/03 14:00", id="the working day before"),
        pytest.param("seg 16/03 15:00", "ter 10/03 15:00", "sex 13/03 14:00", id="Monday's is Friday"),
        pytest.param("ter 14/04 15:00", "qua 08/04 15:00", "sex 10/04 14:00", id="over a holiday"),
        pytest.param("qui 19/03 15:00", "qua 18/03 15:00", "qua 18/03 17:00", id="asked after it: 2 h"),
        pytest.param("qui 19/03 15:00", "qua 18/03 13:50", "qua 18/03 15:50", id="asked just before it: 2 h too"),
        pytest.param("qui 19/03 15:00", "qui 19/03 13:30", "qui 19/03 14:00", id="at the latest 1 h before the visit"),
    ],
)
def test_cut_off(consulta: str, asked: str, expected: str) -> None:
    visita = Visita(local(consulta), visto_em=local("seg 02/03 10:00"), status=S.AGUARDANDO)
    assert plan(asked, visita, feitos={"pedido": asked}).corte_em == local(expected)


def test_the_cut_off_is_known_before_the_question_leaves() -> None:
    assert plan("ter 10/03 10:00").corte_em == local("qua 18/03 14:00")


def test_who_is_never_asked_has_no_cut_off() -> None:
    em_cima = Visita(local("qui 19/03 15:00"), visto_em=local("qui 19/03 13:00"))
    assert plan("qui 19/03 13:00", em_cima) == Plano(
        Motivo.EM_CIMA_DA_HORA,
        pulados=(
            (PADRAO.passos[0], Motivo.PASSOU_DA_VEZ),
            (PADRAO.passos[1], Motivo.PASSOU_DA_VEZ),
            (PADRAO.passos[2], Motivo.EM_CIMA_DA_HORA),
        ),
    )


SEGUNDA_MENSAGEM = Politica(passos=PRESETS["segunda_mensagem"])


@pytest.mark.parametrize(
    ("now", "feitos", "expected"),
    [
        pytest.param(
            "seg 16/03 16:00",
            {"pedido": "seg 16/03 15:00"},
            ("segunda_12h", "lembrete", "17/03 08:00"),
            id="12 h after the ask is night: the opening after it, never before the 12 h are over",
        ),
        pytest.param(
            "ter 17/03 09:00",
            {"pedido": "seg 16/03 15:00", "segunda_12h": "ter 17/03 08:00"},
            ("lembrete_12h", "lembrete", "18/03 19:45"),
            id="then the last one",
        ),
        pytest.param("ter 10/03 09:00", {}, ("pedido", "pedido", "16/03 15:00"), id="before the ask: the ask"),
        pytest.param("ter 17/03 09:00", {}, ("pedido", "pedido", "17/03 09:00"), id="the ask is late: still the ask"),
    ],
)
def test_second_message_if_there_is_no_answer(now: str, feitos: Mapping[str, str], expected: object) -> None:
    assert shown(plan(now, politica=SEGUNDA_MENSAGEM, feitos=feitos)) == expected


def test_a_second_message_without_a_first_is_never_sent() -> None:
    """The reminder that would have asked is too late, and the second message has nobody's silence to break."""
    em_cima = Visita(local("qui 19/03 20:00"), visto_em=local("qui 19/03 17:00"))
    plano = plan("qui 19/03 17:00", em_cima, politica=SEGUNDA_MENSAGEM)
    assert shown(plano) == "em_cima_da_hora"
    segunda_antes = Politica(passos=SEGUNDA_MENSAGEM.passos[:2])
    plano = plan("qui 19/03 14:00", replace(QUINTA, data_consulta=local("sex 20/03 15:00")), politica=segunda_antes)
    assert shown(plano) == ("pedido", "pedido", "19/03 14:00")


def test_lead_times_in_working_days() -> None:
    politica = Politica(passos=(Passo("pedido", TipoPasso.PEDIDO, dias_uteis=2),))
    segunda = Visita(local("seg 16/03 15:00"), visto_em=local("seg 02/03 10:00"))
    assert shown(plan("seg 09/03 10:00", segunda, politica=politica)) == ("pedido", "pedido", "12/03 15:00")


@pytest.mark.parametrize(
    ("consulta", "expected"),
    [
        pytest.param("qui 19/03 08:30", "16/03 09:30", id="an early one waits for the hour"),
        pytest.param("qui 19/03 15:00", "16/03 15:00", id="a later one keeps its own"),
        pytest.param("qui 19/03 07:00", "16/03 09:30", id="no longer the evening before"),
    ],
)
def test_asks_leave_from_the_hospitals_hour_on(consulta: str, expected: str) -> None:
    politica = Politica(hora_pedido=time(9, 30))
    plano = plan("ter 10/03 10:00", replace(QUINTA, data_consulta=local(consulta)), politica=politica)
    assert shown(plano) == ("pedido", "pedido", expected)


COM_NOTA = Politica(nota_vespera=True)
CONFIRMADA = replace(QUINTA, status=S.CONFIRMADO, respondido_em=local("seg 16/03 16:00"))


@pytest.mark.parametrize(
    ("visita", "now", "feitos", "expected"),
    [
        pytest.param(
            CONFIRMADA,
            "ter 17/03 09:00",
            {"pedido": "seg 16/03 15:00"},
            ("nota_vespera", "vespera", "18/03 15:00"),
            id="the day before",
        ),
        pytest.param(
            CONFIRMADA, "qui 19/03 08:00", {"pedido": "seg 16/03 15:00"}, "respondida", id="not on the day itself"
        ),
        pytest.param(
            CONFIRMADA,
            "qua 18/03 16:00",
            {"pedido": "seg 16/03 15:00", "nota_vespera": "qua 18/03 15:00"},
            "cadencia_cumprida",
            id="only one",
        ),
        pytest.param(
            replace(CONFIRMADA, respondido_em=local("qua 18/03 10:00")),
            "qua 18/03 10:01",
            {"pedido": "seg 16/03 15:00"},
            "respondida",
            id="not to who confirmed that day",
        ),
    ],
)
def test_the_one_note_a_confirmed_visit_may_get(
    visita: Visita, now: str, feitos: Mapping[str, str], expected: object
) -> None:
    assert shown(plan(now, visita, politica=COM_NOTA, feitos=feitos)) == expected


START = datetime(2026, 3, 2, tzinfo=UTC)
POLITICAS = st.sampled_from([Politica(passos=passos) for passos in PRESETS.values()] + [Politica(hora_pedido=time(9))])
VISITAS = st.builds(
    lambda consulta, booked: Visita(
        START + timedelta(minutes=5 * max(consulta, booked) + 1), START + timedelta(minutes=5 * min(consulta, booked))
    ),
    st.integers(0, 12 * 24 * 20),
    st.integers(0, 12 * 24 * 20),
)


@settings(deadline=None)
@given(POLITICAS, VISITAS, st.lists(st.timedeltas(timedelta(minutes=1), timedelta(hours=9)), min_size=1))
def test_a_visit_nobody_answers_lives_by_the_rules(politica: Politica, visita: Visita, delays: list[timedelta]) -> None:
    """Play one visit with a planner that comes when it should or, now and then, hours late."""
    sent: dict[str, datetime] = {}
    kinds: list[TipoPasso] = []
    late = cycle(delays)
    now: datetime | None = visita.visto_em
    while now is not None and now < visita.data_consulta:
        plano = plan_cadencia(politica, JANELA, visita, feitos=sent, respondida=False, now=now)
        if plano.envio is not None and plano.envio.quando <= now:
            assert plano.envio.passo.nome not in sent, "never the same step twice"
            assert now < plano.envio.ate <= visita.data_consulta
            assert JANELA.is_open(now) or JANELA.in_emergencia(now)
            sent[plano.envio.passo.nome] = now
            kinds.append(plano.envio.passo.tipo)
        ahead = [quando for quando in (plano.envio and plano.envio.quando, plano.corte_em) if quando]
        now = None if not ahead else min(ahead) if min(ahead) > now else now + next(late)
    assert len({JANELA.dia_local(instant) for instant in sent.values()}) == len(sent), "one message a day"
    assert kinds == [TipoPasso.PEDIDO, TipoPasso.LEMBRETE, TipoPasso.LEMBRETE][: len(kinds)], "the first one asks"


@settings(deadline=None)
@given(POLITICAS, st.integers(5 * 24, 25 * 24))
def test_who_booked_days_ahead_is_always_asked(politica: Politica, hours: int) -> None:
    visita = Visita(START + timedelta(hours=hours, minutes=1), visto_em=START)
    plano = plan_cadencia(politica, JANELA, visita, feitos={}, respondida=False, now=START)
    assert plano.envio is not None
    assert plano.envio.passo == politica.passos[0]


@settings(deadline=None)
@given(POLITICAS, VISITAS, st.timedeltas(timedelta(0), timedelta(days=20)))
def test_what_is_planned_can_be_sent(politica: Politica, visita: Visita, later: timedelta) -> None:
    now = visita.visto_em + later
    plano = plan_cadencia(politica, JANELA, visita, feitos={}, respondida=False, now=now)
    if plano.envio is not None:
        assert now <= plano.envio.quando < plano.envio.ate <= visita.data_consulta
        again = plan_cadencia(politica, JANELA, visita, feitos={}, respondida=False, now=plano.envio.quando).envio
        assert again is not None
        assert (again.passo.nome, again.quando) == (plano.envio.passo.nome, plano.envio.quando), "the plan is kept"
        assert plano.corte_em is not None
        assert plano.corte_em <= visita.data_consulta - timedelta(hours=1)


def test_the_note_is_no_question() -> None:
    assert NOTA_VESPERA.tipo is TipoPasso.VESPERA
