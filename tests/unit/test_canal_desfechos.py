"""Every way a test message may end has a sentence for whoever tried."""

import pytest

from app.cli.canal.desfechos import INCERTA, desfecho_of
from app.domain.entrega import Falha
from app.providers.base import Ambiguous, Misconfigured, ProviderError, error_for


class NotFound(Misconfigured): ...


@pytest.mark.parametrize("falha", list(Falha))
def test_every_failure_of_a_gateway_is_told_by_its_own_word(falha: Falha) -> None:
    told = desfecho_of(error_for(falha, "HTTP 400"))
    assert told.resultado == falha
    assert told.frase.endswith(".")


@pytest.mark.parametrize(
    ("error", "resultado"),
    [
        pytest.param(Ambiguous("sem resposta"), INCERTA, id="nobody knows"),
        pytest.param(NotFound("HTTP 404"), Falha.CONFIGURACAO, id="a gateway's own kind of a failure"),
    ],
)
def test_the_nearest_kind_counts(error: ProviderError, resultado: str) -> None:
    assert desfecho_of(error).resultado == resultado


def test_only_what_surely_did_not_leave_says_so() -> None:
    sure = {falha for falha in Falha if "nada saiu" in desfecho_of(error_for(falha, "x")).frase}
    assert sure == {Falha.RITMO, Falha.PASSAGEIRA, Falha.CONFIGURACAO}
    assert "pode ter chegado" in desfecho_of(Ambiguous("x")).frase
