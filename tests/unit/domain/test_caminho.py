"""Which channel may take whose messages."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.caminho import Caminho, EstadoCanal, UltimosRecursos, choose_caminhos


def canal(ident: int, prioridade: int = 1, **state: Any) -> EstadoCanal:
    return EstadoCanal(id=ident, prioridade=prioridade, **state)


def preferred(*canais: EstadoCanal) -> list[int]:
    return [ident for ident, caminho in choose_caminhos(canais).items() if caminho.preferido]


@pytest.mark.parametrize(
    ("canais", "expected"),
    [
        pytest.param([canal(1), canal(2, 2)], [1], id="the smallest number first"),
        pytest.param([canal(1, 2), canal(2)], [2], id="whatever was created first"),
        pytest.param([canal(1), canal(2), canal(3, 2)], [1, 2], id="equal ones share"),
        pytest.param([canal(1, usavel=False), canal(2, 2)], [2], id="one that fell leaves its place"),
        pytest.param([canal(1, cheio=True), canal(2, 2)], [2], id="one that is full too"),
        pytest.param([canal(1, cheio=True), canal(2, 2, cheio=True)], [1, 2], id="all full: each keeps its own"),
        pytest.param([canal(1), canal(2, 9, ultimo_recurso=True)], [1, 2], id="the last resort is a sort of its own"),
        pytest.param([canal(1, usavel=False), canal(2, ultimo_recurso=True)], [2], id="and takes nobody's place"),
        pytest.param([canal(1, usavel=False)], [], id="nothing is usable"),
        pytest.param([], [], id="nothing is set up"),
    ],
)
def test_who_takes_the_contacts_that_are_nobodys(canais: list[EstadoCanal], expected: list[int]) -> None:
    assert preferred(*canais) == expected


def test_contacts_stay_with_their_channel_only_while_it_can_take_them() -> None:
    caminhos = choose_caminhos([canal(1), canal(2, 2), canal(3, 3, usavel=False), canal(4, 4, cheio=True)])
    assert caminhos[1].usaveis == caminhos[2].usaveis == caminhos[4].usaveis == (1, 2)
    assert 3 not in caminhos


def test_a_full_channel_still_goes_on_with_its_own_conversations() -> None:
    assert choose_caminhos([canal(1, cheio=True), canal(2, 2)])[1] == Caminho(preferido=False, usaveis=(2,))


def test_sms_keeps_nobody_from_whatsapp() -> None:
    caminhos = choose_caminhos([canal(1), canal(2, ultimo_recurso=True)])
    assert (caminhos[1].usaveis, caminhos[2].usaveis) == ((1,), (2,))


def test_equal_channels_take_equal_parts_and_one_whose_rate_is_spent_leaves_its_own() -> None:
    parts = {ident: (c.parte, c.partes) for ident, c in choose_caminhos([canal(4), canal(7), canal(9)]).items()}
    assert parts == {4: (0, 3), 7: (1, 3), 9: (2, 3)}
    parts = {
        ident: (c.parte, c.partes)
        for ident, c in choose_caminhos([canal(4), canal(7, esgotado=True), canal(9), canal(1, 2)]).items()
    }
    assert parts == {4: (0, 2), 9: (1, 2), 7: (0, 1), 1: (0, 1)}


@pytest.mark.parametrize(
    ("ultimos", "canal_id", "tem_email", "expected"),
    [
        pytest.param(UltimosRecursos(), 1, True, False, id="none"),
        pytest.param(UltimosRecursos(frozenset({5})), 1, False, True, id="SMS"),
        pytest.param(UltimosRecursos(frozenset({5})), 5, True, False, id="the last resort itself has no other"),
        pytest.param(UltimosRecursos(frozenset({5}), so_email=True), 1, True, True, id="e-mail"),
        pytest.param(UltimosRecursos(frozenset({5}), so_email=True), 1, False, False, id="e-mail without an address"),
    ],
)
def test_who_can_be_reached_otherwise(
    ultimos: UltimosRecursos, canal_id: int, *, tem_email: bool, expected: bool
) -> None:
    assert ultimos.serve(canal_id, tem_email=tem_email) is expected


@given(
    st.lists(
        st.builds(
            EstadoCanal,
            id=st.integers(1, 50),
            prioridade=st.integers(1, 3),
            ultimo_recurso=st.booleans(),
            usavel=st.booleans(),
            cheio=st.booleans(),
        ),
        unique_by=lambda each: each.id,
        max_size=8,
    )
)
def test_where_any_channel_of_a_sort_is_usable_somebody_takes_everybody(canais: list[EstadoCanal]) -> None:
    caminhos = choose_caminhos(canais)
    assert set(caminhos) == {each.id for each in canais if each.usavel}
    for sort in (False, True):
        usable = [each for each in canais if each.usavel and each.ultimo_recurso is sort]
        takers = [each for each in usable if caminhos[each.id].preferido]
        assert bool(takers) is bool(usable)
        assert len({each.prioridade for each in takers if not each.cheio}) <= 1
