"""Who may do what: the roles of a hospital's people and programs, and what each of them is allowed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Permissao(StrEnum):
    """What a route may ask for; also the scopes an API key may hold."""

    AGENDA_LER = "agenda:ler"
    AGENDA_GRAVAR = "agenda:gravar"
    CONFIRMACAO_GRAVAR = "confirmacao:gravar"
    """Note by hand what a patient said: comes, does not come."""
    PACIENTE_LER = "paciente:ler"
    """See whole names and phones; without it they are masked (SEC-31)."""
    PRIVACIDADE_GERIR = "privacidade:gerir"
    """Export, correct, anonymise a patient; opt-out and its way back."""
    ESTATISTICA_LER = "estatistica:ler"
    MODELO_LER = "modelo:ler"
    MODELO_GRAVAR = "modelo:gravar"
    MENSAGEM_ENVIAR = "mensagem:enviar"
    CONVERSA_LER = "conversa:ler"
    CONVERSA_ATENDER = "conversa:atender"
    """Take a conversation over, answer, note, give it back."""
    CANAL_GERIR = "canal:gerir"
    EVENTO_GERIR = "evento:gerir"
    """The addresses that are told of what happens (webhooks out)."""
    WEBHOOK_RECEBER = "webhook:receber"
    OPERACAO_LER = "operacao:ler"
    """The scheduler, the metrics, the description of the interface."""
    USUARIO_GERIR = "usuario:gerir"
    CHAVE_GERIR = "chave:gerir"
    AUDITORIA_LER = "auditoria:ler"
    DEMONSTRACAO_CONDUZIR = "demonstracao:conduzir"


class Papel(StrEnum):
    """What somebody is at the hospital."""

    ADMINISTRADOR = "administrador"
    GESTOR = "gestor"
    RECEPCAO = "recepcao"
    LEITURA = "leitura"
    INTEGRACAO = "integracao"


_P = Permissao
_LEITURA: Final = frozenset({_P.AGENDA_LER, _P.ESTATISTICA_LER, _P.MODELO_LER})
PERMISSOES: Final[Mapping[Papel, frozenset[Permissao]]] = {
    Papel.ADMINISTRADOR: frozenset(Permissao) - {_P.WEBHOOK_RECEBER},  # a gateway's word is not a person's to give
    # Managers see how the house does, not who the patients are.
    Papel.GESTOR: _LEITURA | {_P.MODELO_GRAVAR, _P.OPERACAO_LER, _P.AUDITORIA_LER},
    Papel.RECEPCAO: _LEITURA
    | {_P.AGENDA_GRAVAR, _P.CONFIRMACAO_GRAVAR, _P.PACIENTE_LER, _P.PRIVACIDADE_GERIR, _P.MENSAGEM_ENVIAR}
    | {_P.CONVERSA_LER, _P.CONVERSA_ATENDER},
    Papel.LEITURA: _LEITURA,
    Papel.INTEGRACAO: frozenset(
        {_P.AGENDA_LER, _P.AGENDA_GRAVAR, _P.PACIENTE_LER, _P.ESTATISTICA_LER, _P.WEBHOOK_RECEBER}
    ),
}


class TipoIdentidade(StrEnum):
    """How somebody came to be known."""

    OPERADOR = "operador"
    """Whoever sits at the machine itself: its command line, its background work."""
    USUARIO = "usuario"
    CHAVE = "chave"


@dataclass(frozen=True, slots=True)
class Identidade:
    """Who makes a request, of which hospital, and what they may do there."""

    tenant_id: int
    tipo: TipoIdentidade
    id: int | None
    """The user's or the key's; an operator has none."""
    nome: str
    """What the history calls them; never a patient."""
    permissoes: frozenset[Permissao]

    def may(self, permissao: Permissao) -> bool:
        return permissao in self.permissoes


class SemIdentidade(Exception):  # noqa: N818  named for what happened
    """Nobody known makes this request."""


class SemPermissao(Exception):  # noqa: N818
    """Somebody known asks for what they may not do."""

    def __init__(self, permissao: Permissao) -> None:
        super().__init__(permissao)
        self.permissao = permissao
