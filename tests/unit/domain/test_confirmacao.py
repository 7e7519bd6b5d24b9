import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.confirmacao import (
    MESSAGE_TRANSITIONS,
    TRANSITIONS,
    Decisao,
    Efeito,
    EstadoMensagem,
    Fato,
    SituacaoAgenda,
    StatusConfirmacao,
    advance,
    decide,
    pode_perguntar,
)

S, F, E, M = StatusConfirmacao, Fato, Efeito, EstadoMensagem


@pytest.mark.parametrize(
    ("status", "fato", "expected"),
    [
        pytest.param(S.PENDENTE, F.PERGUNTA_SAINDO, S.AGUARDANDO, id="asked before the gateway is called"),
        pytest.param(S.AGUARDANDO, F.PERGUNTA_SAINDO, S.AGUARDANDO, id="a reminder repeats the question"),
        pytest.param(S.AGUARDANDO, F.PACIENTE_CONFIRMOU, S.CONFIRMADO, id="yes"),
        pytest.param(S.AGUARDANDO, F.PACIENTE_CANCELOU, S.CANCELADO, id="no"),
        pytest.param(S.AGUARDANDO, F.PACIENTE_QUER_OUTRA_DATA, S.REAGENDAR, id="another day, please"),
        pytest.param(S.AGUARDANDO, F.PRAZO_VENCEU, S.SEM_RESPOSTA, id="silence until the cut-off"),
        pytest.param(S.SEM_RESPOSTA, F.PERGUNTA_SAINDO, S.SEM_RESPOSTA, id="silence stops no remaining step"),
        pytest.param(S.SEM_RESPOSTA, F.PACIENTE_CONFIRMOU, S.CONFIRMADO, id="a late yes still counts"),
        pytest.param(S.SEM_RESPOSTA, F.PACIENTE_CANCELOU, S.CANCELADO, id="a late no still frees a slot"),
        pytest.param(S.CONFIRMADO, F.PACIENTE_CANCELOU, S.CANCELADO, id="a change of mind"),
        pytest.param(S.CANCELADO, F.PACIENTE_CONFIRMOU, S.CANCELADO, id="a person decides about coming back"),
        pytest.param(S.CANCELADO, F.RECEPCAO_CONFIRMOU, S.CONFIRMADO, id="the person has decided"),
        pytest.param(S.CONFIRMADO, F.HOSPITAL_CANCELOU, S.CONFIRMADO, id="two facts are not mixed"),
        pytest.param(S.PENDENTE, F.PACIENTE_CONFIRMOU, None, id="an answer nobody asked for confirms nothing"),
        pytest.param(S.CONFIRMADO, F.PERGUNTA_SAINDO, None, id="once confirmed, no question leaves"),
        pytest.param(S.CANCELADO, F.PERGUNTA_SAINDO, None, id="once cancelled, no question leaves"),
        pytest.param(S.CONFIRMADO, F.PRAZO_VENCEU, None, id="a cut-off means nothing to a confirmed visit"),
        pytest.param(S.AGUARDANDO, F.CANCELAMENTO_AUTOMATICO, None, id="never cancelled before the cut-off"),
    ],
)
def test_decide(status: StatusConfirmacao, fato: Fato, expected: StatusConfirmacao | None) -> None:
    decisao = decide(status, fato)
    assert (decisao and decisao.status) == expected


@pytest.mark.parametrize("status", S)
def test_a_new_time_starts_over_and_voids_what_was_asked(status: StatusConfirmacao) -> None:
    decisao = decide(status, F.HORARIO_MUDOU)
    assert decisao is not None
    assert decisao.status is S.PENDENTE
    assert {E.ANULAR_PERGUNTAS, E.RETIRAR_MENSAGENS, E.AVISAR_HORARIO_NOVO} == set(decisao.efeitos)


@pytest.mark.parametrize("status", S)
def test_a_hospital_cancellation_withdraws_and_voids_in_every_state(status: StatusConfirmacao) -> None:
    decisao = decide(status, F.HOSPITAL_CANCELOU)
    assert decisao is not None
    assert {E.ANULAR_PERGUNTAS, E.RETIRAR_MENSAGENS} <= set(decisao.efeitos)


@pytest.mark.parametrize("status", [S.CANCELADO, S.REAGENDAR])
def test_who_gave_the_slot_up_is_not_told_that_it_closed(status: StatusConfirmacao) -> None:
    decisao = decide(status, F.HOSPITAL_CANCELOU)
    assert decisao is not None
    assert E.AVISAR_CANCELAMENTO_HOSPITAL not in decisao.efeitos


def test_a_repeated_answer_is_not_thanked_twice() -> None:
    assert decide(S.CONFIRMADO, F.PACIENTE_CONFIRMOU) == Decisao(S.CONFIRMADO)
    assert decide(S.CANCELADO, F.PACIENTE_CANCELOU) == Decisao(S.CANCELADO)


@pytest.mark.parametrize("status", [S.CANCELADO, S.REAGENDAR])
def test_coming_back_asks_a_person(status: StatusConfirmacao) -> None:
    assert decide(status, F.PACIENTE_CONFIRMOU) == Decisao(status, (E.PEDIR_VOLTA,))


@given(st.lists(st.sampled_from(Fato)))
def test_no_sequence_of_facts_leaves_the_table(fatos: list[Fato]) -> None:
    status = S.PENDENTE
    for fato in fatos:
        decisao = decide(status, fato)
        status = decisao.status if decisao else status
        assert status in TRANSITIONS


@given(st.lists(st.sampled_from(Fato)))
def test_only_a_yes_confirms(fatos: list[Fato]) -> None:
    status = S.PENDENTE
    for fato in fatos:
        before, decisao = status, decide(status, fato)
        status = decisao.status if decisao else status
        if status is S.CONFIRMADO and before is not S.CONFIRMADO:
            assert fato in {F.PACIENTE_CONFIRMOU, F.RECEPCAO_CONFIRMOU}


@pytest.mark.parametrize("situacao", SituacaoAgenda)
def test_only_a_live_booking_is_messaged(situacao: SituacaoAgenda) -> None:
    assert pode_perguntar(situacao) == (situacao is SituacaoAgenda.AGENDADO)


@pytest.mark.parametrize(
    ("estado", "novo", "expected"),
    [
        pytest.param(M.NA_FILA, M.EM_ENVIO, M.EM_ENVIO, id="the worker starts it"),
        pytest.param(M.EM_ENVIO, M.AGENDADA, M.AGENDADA, id="surely not taken: it waits again"),
        pytest.param(M.ENVIADA, M.ENTREGUE, M.ENTREGUE, id="delivered"),
        pytest.param(M.ENTREGUE, M.ENVIADA, M.ENTREGUE, id="sent, told after delivered"),
        pytest.param(M.LIDA, M.ENTREGUE, M.LIDA, id="delivered, told after read"),
        pytest.param(M.LIDA, M.LIDA, M.LIDA, id="read, told twice"),
        pytest.param(M.ENTREGUE, M.FALHOU, M.ENTREGUE, id="what arrived did not fail"),
        pytest.param(M.EM_ENVIO, M.LIDA, M.LIDA, id="the receipt overtook the answer"),
        pytest.param(M.INCERTA, M.ENVIADA, M.ENVIADA, id="a query settles it"),
        pytest.param(M.INCERTA, M.LIDA, M.LIDA, id="a receipt settles it"),
        pytest.param(M.EM_ENVIO, M.CANCELADA, M.EM_ENVIO, id="what may have left is not withdrawn"),
        pytest.param(M.INCERTA, M.EXPIRADA, M.INCERTA, id="what may have arrived is not given up"),
        pytest.param(M.INCERTA, M.EM_ENVIO, M.INCERTA, id="never started again without a decision"),
        pytest.param(M.FALHOU, M.ENTREGUE, M.ENTREGUE, id="a failure that arrived"),
        pytest.param(M.FALHOU, M.ENVIADA, M.FALHOU, id="sent, told after failed"),
        pytest.param(M.FALHOU, M.NA_FILA, M.FALHOU, id="permanent is permanent"),
        pytest.param(M.CANCELADA, M.NA_FILA, M.CANCELADA, id="withdrawn is not released"),
        pytest.param(M.EXPIRADA, M.EM_ENVIO, M.EXPIRADA, id="expired is not sent"),
        pytest.param(M.ENVIADA, M.CANCELADA, M.ENVIADA, id="what left cannot be withdrawn"),
    ],
)
def test_advance(estado: EstadoMensagem, novo: EstadoMensagem, expected: EstadoMensagem) -> None:
    assert advance(estado, novo) is expected


RECEIPTS = [M.ENVIADA, M.ENTREGUE, M.LIDA]


@given(st.sampled_from([M.EM_ENVIO, M.INCERTA]), st.lists(st.sampled_from(RECEIPTS), min_size=1))
def test_receipts_in_any_order_end_at_the_furthest(start: EstadoMensagem, receipts: list[EstadoMensagem]) -> None:
    estado = start
    for receipt in receipts:
        estado = advance(estado, receipt)
    assert estado is max(receipts, key=RECEIPTS.index)


@given(st.lists(st.sampled_from(EstadoMensagem)))
def test_no_sequence_of_news_sends_what_already_left_again(news: list[EstadoMensagem]) -> None:
    left = False
    estado = M.AGENDADA
    for novo in news:
        estado = advance(estado, novo)
        assert estado in MESSAGE_TRANSITIONS
        left = left or estado in RECEIPTS
        assert not (left and estado in {M.AGENDADA, M.NA_FILA, M.EM_ENVIO, M.INCERTA})
