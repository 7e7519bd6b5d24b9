"""The judge shares nothing with the program it judges."""

import ast
from collections.abc import Iterator
from pathlib import Path

ORACULO = Path(__file__).parents[2] / "app" / "simulator" / "oraculo"


def imported(arquivo: Path) -> Iterator[str]:
    for no in ast.walk(ast.parse(arquivo.read_text(encoding="utf-8"))):
        if isinstance(no, ast.Import):
            yield from (nome.name for nome in no.names)
        elif isinstance(no, ast.ImportFrom):
            assert no.level == 0, f"{arquivo.name} imports relatively"
            yield str(no.module)


def test_the_oracle_imports_nothing_of_the_program() -> None:
    arquivos = list(ORACULO.rglob("*.py"))
    assert arquivos
    alheios = {
        (arquivo.name, nome)
        for arquivo in arquivos
        for nome in imported(arquivo)
        if nome.split(".")[0] == "app" and not nome.startswith("app.simulator.oraculo")
    }
    assert alheios == set()


def test_the_oracle_asks_for_no_module_by_name() -> None:
    for arquivo in ORACULO.rglob("*.py"):
        fonte = arquivo.read_text(encoding="utf-8")
        assert "importlib" not in fonte
        assert "__import__" not in fonte
