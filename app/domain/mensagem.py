"""What a message says: the minimum, fit for a locked screen, in the words a person at the unit would use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.domain.confirmacao import TipoAtendimento
from app.domain.janela import Janela
from app.domain.politica import Politica

# With its article, because the texts say "uma consulta", "um exame".
_TIPOS: Final = {
    TipoAtendimento.CONSULTA: "uma consulta",
    TipoAtendimento.EXAME: "um exame",
    TipoAtendimento.RETORNO: "uma consulta de retorno",
    TipoAtendimento.CIRURGIA: "uma cirurgia",
    TipoAtendimento.TELECONSULTA: "uma teleconsulta",
}
_PARTICULAS: Final = frozenset({"da", "das", "de", "do", "dos", "e"})


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitaContada:
    """The facts of a visit that a message may tell."""

    letra: str
    nome_paciente: str
    tipo: TipoAtendimento
    data_consulta: datetime
    especialidade: str
    nome_medico: str
    unidade: str | None
    endereco: str | None
    chegar_antes_min: int | None
    preparo: str | None


def first_name(nome: str) -> str:
    """Return the name a stranger would use; shouting and small letters become a name again."""
    words = [word for word in nome.split() if word.lower() not in _PARTICULAS]
    return words[0].capitalize() if words else "paciente"


def _when(visita: VisitaContada, janela: Janela, now: datetime) -> str:
    local = janela.local(visita.data_consulta)
    word = janela.palavra_do_dia(now, visita.data_consulta)
    day = word if "/" in word else f"{word}, {local:%d/%m}"
    return f"{day}, às {local:%H:%M}"


def tell_visita(visita: VisitaContada, *, janela: Janela, politica: Politica, now: datetime) -> dict[str, Any]:
    """Return what a template may know of one visit; specialty and doctor only where the hospital allows it."""
    local = janela.local(visita.data_consulta)
    especialidade = visita.especialidade if politica.shows_especialidade(visita.especialidade) else None
    return {
        "letra": visita.letra,
        "nome": first_name(visita.nome_paciente),
        "tipo": _TIPOS[visita.tipo],
        "tipo_curto": _TIPOS[visita.tipo].partition(" ")[2],
        "quando": _when(visita, janela, now),
        "data": f"{local:%d/%m/%Y}",
        "hora": f"{local:%H:%M}",
        "unidade": visita.unidade,
        "endereco": visita.endereco,
        "especialidade": especialidade,
        "medico": visita.nome_medico if politica.shows_medico(visita.especialidade) else None,
        "chegar_antes_min": visita.chegar_antes_min,
        "preparo": visita.preparo,
        "regulada": politica.is_regulada(visita.especialidade),
    }


def build_contexto(
    visitas: Sequence[dict[str, Any]], *, hospital: str, telefone_hospital: str | None
) -> dict[str, Any]:
    """Return the variables of a template."""
    names = list(dict.fromkeys(visita["nome"] for visita in visitas))
    return {
        "hospital": hospital,
        "telefone_hospital": telefone_hospital,
        "nome": names[0] if len(names) == 1 else None,
        "visitas": list(visitas),
        "visita": visitas[0] if visitas else None,
        "varias": len(visitas) > 1,
        "escrito": None,
    }
