"""What of a patient somebody may see: whole, or only that there is one (SEC-31)."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from app.domain.permissao import Identidade, Permissao

_OCULTO: Final = "(oculto)"
_LETRA: Final = re.compile(r"\w")


def hide_nome(nome: str) -> str:
    """Return the initials: "Maria Souza" is "M*** S***"."""
    return " ".join(f"{palavra[0]}***" for palavra in nome.split() if _LETRA.match(palavra)) or "***"


def hide_telefone(telefone: str) -> str:
    """Return the country and the last four digits."""
    digitos = re.sub(r"\D", "", telefone)
    return f"+55 ** *****-{digitos[-4:]}" if len(digitos) >= 8 else "***"  # noqa: PLR2004  too short to hide behind four


def _hide_all(_: str) -> str:
    return _OCULTO


_PESSOAIS: Final[Mapping[str, Callable[[str], str] | None]] = {
    "nome_paciente": hide_nome,
    "responsavel": hide_nome,
    "telefone": hide_telefone,
    "telefone_contato": hide_telefone,
    "telefone_escrito": hide_telefone,
    "telefone_2": hide_telefone,
    "email": _hide_all,
    "observacoes": _hide_all,
    "resposta_paciente": _hide_all,
    "texto": _hide_all,
    "data_nascimento": None,
    "id_paciente": None,
}


def shown_to(registro: Mapping[Any, Any], quem: Identidade) -> Mapping[Any, Any]:
    """Return a record as `quem` may see it; only `paciente:ler` sees who the patient is."""
    if quem.may(Permissao.PACIENTE_LER):
        return registro
    return {campo: _hidden(campo, valor) for campo, valor in registro.items()}


def text_shown_to(texto: str | None, quem: Identidade) -> str | None:
    """Return what was written, or that something was."""
    return texto if texto is None or quem.may(Permissao.PACIENTE_LER) else _OCULTO


def all_shown_to(registros: Iterable[Mapping[Any, Any]], quem: Identidade) -> list[Mapping[str, Any]]:
    """Return the same for many."""
    return [shown_to(registro, quem) for registro in registros]


def _hidden(campo: str, valor: Any) -> Any:
    if campo not in _PESSOAIS or valor is None:
        return valor
    hide = _PESSOAIS[campo]
    return hide(str(valor)) if hide else None
