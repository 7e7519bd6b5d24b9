"""The page of the importer names every column and code a person may meet."""

import re
from pathlib import Path

import pytest

from app.connectors.csv_file.colunas import COLUNAS
from app.connectors.csv_file.motivos import AVISOS, REJEICOES

RAIZ = Path(__file__).parents[2]
PAGINA = (RAIZ / "docs" / "importacao.md").read_text()
TELEFONES = ("vazio", "texto", "curto", "longo", "repetido", "ddd_inexistente", "invalido")


def refusals() -> set[str]:
    fontes = (RAIZ / "app" / "connectors" / "csv_file").glob("*.py")
    return {codigo for fonte in fontes for codigo in re.findall(r'ArquivoRecusado\(\s*"(\w+)"', fonte.read_text())}


@pytest.mark.parametrize(
    "palavra", sorted({*COLUNAS, *REJEICOES, *AVISOS, *refusals(), *(f"telefone_{motivo}" for motivo in TELEFONES)})
)
def test_page_names_it(palavra: str) -> None:
    assert f"`{palavra}`" in PAGINA
