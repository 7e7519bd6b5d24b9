"""SEC-31: who the patient is, only to roles that may know."""

import pytest

from app.domain.permissao import Papel
from app.domain.sigilo import hide_nome, hide_telefone
from tests.seguranca.conftest import Porta
from tests.web.apoio import corpo_atendimento

NOME, FONE = "Zuleica Quintanilha", "27998123456"
ESCONDIDO = ("Zuleica", "Quintanilha", "zuleica", "998123456", "99812-3456", "9812")


@pytest.mark.parametrize(
    ("nome", "hidden"),
    [("Maria Souza", "M*** S***"), ("  ana  ", "a***"), ("", "***"), ("Zé da Silva", "Z*** d*** S***")],
)
def test_sec_31_a_name_hidden(nome: str, hidden: str) -> None:
    assert hide_nome(nome) == hidden


def test_sec_31_a_phone_hidden() -> None:
    assert hide_telefone("+5527998123456") == "+55 ** *****-3456"
    assert hide_telefone("123") == "***"


@pytest.mark.parametrize(
    ("papel", "sees"), [(Papel.RECEPCAO, True), (Papel.INTEGRACAO, True), (Papel.GESTOR, False), (Papel.LEITURA, False)]
)
async def test_sec_31_in_lists_details_and_pages(porta: Porta, papel: Papel, sees: bool) -> None:  # noqa: FBT001
    made = corpo_atendimento(
        nome_paciente=NOME, telefone=FONE, email="zuleica@exemplo.org", observacoes="Zuleica, rampa"
    )
    reception = await porta.bearer(await porta.user(Papel.RECEPCAO))
    async with porta.client.post("/api/v1/atendimentos", json=made, headers=reception) as answer:
        assert answer.status in {200, 201}, await answer.text()
        visit = await answer.json()
    headers = await porta.bearer(await porta.user(papel))
    dia = visit["data_consulta"][:10]
    shown = ""
    for path in (
        f"/api/v1/atendimentos?dia={dia}",
        f"/api/v1/atendimentos/{visit['id']}",
        f"/painel?dia={dia}",
        f"/painel/atendimentos/{visit['id']}",
    ):
        async with porta.client.get(path, headers=headers) as answer:
            assert answer.status == 200, path
            text = await answer.text()
            shown += text
            assert ("Quintanilha" in text) is sees, path
    if not sees:
        assert [word for word in ESCONDIDO if word in shown] == []
        assert "Z*** Q***" in shown
        assert "+55 ** *****-3456" in shown


@pytest.mark.parametrize("papel", [Papel.GESTOR, Papel.LEITURA])
async def test_sec_31_who_may_not_know_may_not_search(porta: Porta, papel: Papel) -> None:
    headers = await porta.bearer(await porta.user(papel))
    for query in ("nome=Zuleica", "telefone=3456"):
        assert await porta.status(f"/api/v1/atendimentos?{query}", headers=headers) == 403
