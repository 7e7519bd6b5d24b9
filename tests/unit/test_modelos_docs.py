"""The page about templates names what there is."""

from pathlib import Path

import pytest

from app.domain.modelo import EXEMPLO, VARIAVEIS, shipped_modelos
from app.domain.modelo_aprovado import VALORES, Impedimento
from app.domain.modelo_textos import IMPEDIMENTOS, NAO_SAIRIA, USOS

PAGE = (Path(__file__).parents[2] / "docs/modelos.md").read_text("utf-8")


@pytest.mark.parametrize("names", [shipped_modelos(), VARIAVEIS, EXEMPLO, VALORES, list(Impedimento)])
def test_every_name_is_on_the_page(names: list[str]) -> None:
    assert [name for name in names if f"`{name}`" not in PAGE] == []


def test_every_template_and_every_reason_has_its_words() -> None:
    assert set(USOS) == set(shipped_modelos())
    assert set(IMPEDIMENTOS) == set(Impedimento)
    assert all(NAO_SAIRIA.values())
