"""What a gateway needs to be set up, as a person is asked for it: every gateway fills in one `Ficha`."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self


class Forma(StrEnum):
    """How a value that was typed is read."""

    TEXTO = "texto"
    NUMERO = "numero"
    SIM_NAO = "sim ou nao"
    LISTA = "lista"
    """`a,b,c`"""
    PARES = "pares"
    """`nosso=deles,outro=deles`"""


@dataclass(frozen=True, slots=True)
class Campo:
    """One value of the form. `frase` says in Portuguese what it is and where it is found."""

    nome: str
    frase: str
    forma: Forma = Forma.TEXTO
    obrigatorio: bool = False
    dispensado_por: str | None = None
    """The other value that makes this one needless."""
    gerado: bool = False
    """A word of ours: made at random where nobody gives one, and shown once."""
    opcoes: Sequence[str] = ()
    """The only words it may be; none listed: any."""
    fora_do_teste: bool = False
    """Does something to the contact besides writing: a test message leaves it out."""

    def read(self, texto: str) -> object:
        """Return the value as the channel keeps it, or raise ValueError with a Portuguese sentence."""
        if self.opcoes and texto.strip() not in self.opcoes:
            raise ValueError(f"{self.nome}: use um destes: {', '.join(self.opcoes)}")
        return _READERS[self.forma](self.nome, texto.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Ficha:
    """The form of one gateway."""

    titulo: str
    config: Sequence[Campo]
    """Settings, kept in clear."""
    credenciais: Sequence[Campo]
    """Kept encrypted and never shown."""
    segredo: Campo | None = None
    """What proves the gateway's calls; None where it makes none."""
    segredo_da_credencial: str | None = None
    """The credential that proves its calls too, so that nobody types it twice."""
    cabecalho: str | None = None
    """The header in which its calls are proven."""
    passos: Sequence[str] = ()
    """What a person does at the gateway, in order; {assinatura} is the installation's own signature header."""

    def find_config(self, nome: str) -> Campo | None:
        return next((campo for campo in (*self.config, *COMUNS) if campo.nome == nome), None)

    def find_credencial(self, nome: str) -> Campo | None:
        return next((campo for campo in self.secretos if campo.nome == nome), None)

    @property
    def secretos(self) -> Sequence[Campo]:
        """Everything that is never typed on a command line, the webhook's secret last."""
        return (*self.credenciais, *((self.segredo,) if self.segredo else ()))


@dataclass(frozen=True, slots=True)
class Cofre:
    """A channel's credentials as they are stored: its own, and the secrets that prove calls, the newest first."""

    valores: Mapping[str, str]
    segredos: Sequence[str] = ()

    @classmethod
    def load(cls, stored: str | None) -> Self:
        """Read what a channel's row holds."""
        held = json.loads(stored or "{}")
        return cls({nome: valor for nome, valor in held.items() if nome != _SEGREDOS}, tuple(held.get(_SEGREDOS, ())))

    def dump(self) -> str:
        return json.dumps({**self.valores, _SEGREDOS: list(self.segredos)})

    def __repr__(self) -> str:
        return f"Cofre({sorted(self.valores)}, {len(self.segredos)} segredos)"


SEGREDO: Final = "webhook_secret"
_SEGREDOS: Final = "webhook_secrets"
TAXA: Final = "taxa_por_minuto"
# Kept beside the gateway's own settings and read by ourselves: no gateway sees them.
COMUNS: Final = (
    Campo(
        "responder",
        "Quem escreve ao paciente depois da resposta dele: api (o Confirma) ou fluxo (quem chamou o webhook).",
        opcoes=("api", "fluxo"),
    ),
)


def missing(campos: Sequence[Campo], given: Mapping[str, object]) -> list[Campo]:
    """Return what has to be given and is not."""
    return [
        campo for campo in campos if campo.obrigatorio and campo.nome not in given and campo.dispensado_por not in given
    ]


def without_ours(config: Mapping[str, object]) -> dict[str, object]:
    """Return the settings that are the gateway's own."""
    ours = {campo.nome for campo in COMUNS}
    return {nome: valor for nome, valor in config.items() if nome not in ours}


def _number(nome: str, texto: str) -> object:
    if not (texto.isascii() and texto.isdigit()):
        raise ValueError(f"{nome}: informe um número inteiro")
    return int(texto)


def _yes_or_no(nome: str, texto: str) -> object:
    read = _YES_OR_NO.get(texto.lower())
    if read is None:
        raise ValueError(f"{nome}: informe sim ou nao")
    return read


def _list(_: str, texto: str) -> object:
    return [parte.strip() for parte in texto.split(",") if parte.strip()]


def _pairs(nome: str, texto: str) -> object:
    pares = [parte.partition("=") for parte in texto.split(",")]
    read = {ours.strip(): theirs.strip() for ours, _, theirs in pares}
    if len(read) < len(pares) or not all(read) or not all(read.values()):
        raise ValueError(f"{nome}: use a forma nosso=deles,outro=deles, sem repetir")
    return read


_YES_OR_NO: Final = {"sim": True, "true": True, "nao": False, "não": False, "false": False}
_READERS: Final[Mapping[Forma, Callable[[str, str], object]]] = {
    Forma.TEXTO: lambda _, texto: texto,
    Forma.NUMERO: _number,
    Forma.SIM_NAO: _yes_or_no,
    Forma.LISTA: _list,
    Forma.PARES: _pairs,
}
