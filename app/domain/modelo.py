"""Message templates: the shipped texts, the hospital's own versions, and a sandbox that renders both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import StrictUndefined, Template, TemplateError, meta
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

TEXTO_MAXIMO: Final = 4096  # WhatsApp's limit for a text message
CORPO_MAXIMO: Final = 8000
_FOLDER: Final = Path(__file__).parent / "modelos"
_FILTROS: Final = ("capitalize", "default", "first", "join", "last", "length", "lower", "title", "trim", "upper")


class _Ambiente(ImmutableSandboxedEnvironment):
    """Templates loop and show: calls, arithmetic on text and other files are how a text would fill the memory."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        del context, left, right
        raise SecurityError(f"o operador {operator} não é permitido")

    def is_safe_callable(self, obj: Any) -> bool:
        del obj
        return False


_ENVIRONMENT: Final = _Ambiente(
    undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False, keep_trailing_newline=False
)
_ENVIRONMENT.globals.clear()
_ENVIRONMENT.filters = {name: _ENVIRONMENT.filters[name] for name in _FILTROS}
# What a template may use; `app.domain.mensagem.Contexto` provides them all.
VARIAVEIS: Final = frozenset({"hospital", "telefone_hospital", "nome", "visitas", "visita", "varias", "escrito"})
# Templates that carry other words than their own; `reagendar` says a preference where there is one.
COM_ESCRITO: Final = frozenset({"pessoa", "informacao", "informacao_pergunta", "preferencia", "reagendar"})
ESCRITO: Final = "O estacionamento fica ao lado da portaria."
# What is said where nobody can answer: the reception's telephone in place of "1" and "0". What is missing here is
# half of a conversation, and means nothing to somebody who could not write.
_SEM_CONVERSA: Final[Mapping[str, str]] = {
    "pedido": "email_pedido",
    "lembrete": "email_lembrete",
    "vespera": "email_vespera",
    "mudanca": "email_mudanca",
    "confirmado": "email_confirmado",
    "cancelamento_hospital": "cancelamento_hospital",
    "cancelamento_automatico": "cancelamento_automatico",
}


# A visit as `app.domain.mensagem.tell_visita` tells it: what a template is tried on before anybody receives it.
EXEMPLO: Final[Mapping[str, Any]] = {
    "letra": "A",
    "nome": "Maria",
    "tipo": "uma consulta",
    "tipo_curto": "consulta",
    "quando": "amanhã, 03/03, às 10:00",
    "data": "03/03/2026",
    "hora": "10:00",
    "unidade": "Ambulatório",
    "endereco": "Rua das Acácias, 100",
    "especialidade": "Cardiologia",
    "medico": "Dra. Helena",
    "chegar_antes_min": 15,
    "preparo": "Jejum de 8 horas.",
    "regulada": False,
    "resposta": "você vem",
}


class ModeloInvalido(ValueError):  # noqa: N818  named for what happened
    """A template that cannot be used; the message is a sentence for whoever edits it."""


@dataclass(frozen=True, slots=True)
class Modelo:
    """One version of one template; version 0 is the shipped text."""

    nome: str
    versao: int
    corpo: str


@lru_cache(maxsize=1)
def shipped_modelos() -> Mapping[str, Modelo]:
    """Return the texts that come with the program, by name."""
    return {
        path.stem: Modelo(path.stem, 0, path.read_text(encoding="utf-8").strip())
        for path in sorted(_FOLDER.glob("*.j2"))
    }


def modelo_for(nome: str, *, takes_answers: bool) -> str | None:
    """Return the template that says `nome` on a channel, or None where it cannot be said there.

    A channel that takes no answers must not ask for one: who answers "0" to an e-mail believes the visit undone.
    """
    return nome if takes_answers else _SEM_CONVERSA.get(nome)


def check_modelo(corpo: str) -> None:
    """Raise ModeloInvalido unless `corpo` compiles, asks only for what exists and says something when tried."""
    if len(corpo) > CORPO_MAXIMO:
        raise ModeloInvalido(f"O modelo tem mais de {CORPO_MAXIMO} caracteres.")
    try:
        unknown = meta.find_undeclared_variables(_ENVIRONMENT.parse(corpo)) - VARIAVEIS
        _compiled(corpo)
    except TemplateError as error:
        raise ModeloInvalido(f"O modelo tem um erro de escrita: {error.message or type(error).__name__}") from error
    if unknown:
        raise ModeloInvalido(f"O modelo usa o que não existe: {', '.join(sorted(unknown))}.")
    for visitas in ([EXEMPLO], [EXEMPLO, {**EXEMPLO, "letra": "B", "nome": "José"}]):
        render_whole(Modelo("novo", 0, corpo), example_contexto(visitas))


def render(modelo: Modelo, contexto: Mapping[str, Any]) -> str:
    """Return the message, no longer than WhatsApp takes; raise ModeloInvalido if the template fails or says nothing."""
    return render_whole(modelo, contexto)[:TEXTO_MAXIMO]


def render_whole(modelo: Modelo, contexto: Mapping[str, Any]) -> str:
    """Return the message however long; raise ModeloInvalido if the template fails or says nothing."""
    try:
        texto = _compiled(modelo.corpo).render(contexto).strip()
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise ModeloInvalido(f"O modelo {modelo.nome} não pôde ser preenchido: {error}") from error
    if not texto:
        raise ModeloInvalido(f"O modelo {modelo.nome} ficou vazio.")
    return texto


def example_contexto(visitas: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return what a template is tried on: `visitas` made from `EXEMPLO`."""
    varias = len(visitas) > 1
    nome = None if varias else visitas[0]["nome"]
    hospital = {"hospital": "Santa Casa", "telefone_hospital": "(27) 3333-0000"}
    return {**hospital, "nome": nome, "visitas": visitas, "visita": visitas[0], "varias": varias, "escrito": ESCRITO}


@lru_cache(maxsize=1024)
def _compiled(corpo: str) -> Template:
    return _ENVIRONMENT.from_string(corpo)
