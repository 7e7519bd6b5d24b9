"""Days and hours read from the words of somebody who wants another date."""

import pytest

from app.domain.resposta.preferencia import read_preferencia


@pytest.mark.parametrize(
    ("texto", "dito"),
    [
        ("pode remarcar pra quinta de manhã?", "quinta; manhã"),
        ("não posso na quinta, só sexta à tarde", "sexta; não: quinta; tarde"),
        ("segunda não dá, terça ou quarta de manhã", "terça, quarta; não: segunda; manhã"),
        ("qualquer dia menos sexta", "não: sexta"),
        ("quinta-feira eu não posso, pode ser na sexta", "sexta; não: quinta"),
        ("quero outro dia, semana que vem", "semana que vem"),
        ("pode ser 12/05 às 14h", "12/05; às 14:00"),
        ("tem pra dia 15?", "dia 15"),
        ("prefiro depois do almoço", "tarde"),
        ("só posso à noite", "noite"),
        ("mais tarde tem?", "mais tarde"),
        ("dá pra antecipar?", "mais cedo"),
        ("as 10:30", "às 10:30"),
        ("99/99 às 77h dia 88", ""),
        ("boa tarde, queria remarcar", ""),
        ("bom dia quero outro dia", ""),
        ("boa noite", ""),
        ("", ""),
        ("{{ visita.nome }} <script> quinta", "quinta"),
    ],
)
def test_what_is_read(texto: str, dito: str) -> None:
    read = read_preferencia(texto)
    assert (read.tell(), bool(read)) == (dito, bool(dito))


def test_bounded_whatever_is_written() -> None:
    assert len(read_preferencia(" ".join(f"{d}/{m}" for d in range(1, 29) for m in range(1, 12))).datas) == 5
