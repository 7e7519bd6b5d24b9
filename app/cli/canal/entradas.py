"""What a person gives: settings on the command line, secrets never there."""

import json
import secrets
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import typer

from app.cli.erros import UsoErrado
from app.providers.ficha import SEGREDO, TAXA, Campo, Cofre, Ficha, missing

_SECRET_BYTES: Final = 32


def read_config(ficha: Ficha, pares: Sequence[str], *, taxa: int | None = None) -> dict[str, object]:
    """Read CHAVE=VALOR; an empty value is None, and takes the setting back to what it is without one."""
    pares = [*pares, *([f"{TAXA}={taxa}"] if taxa is not None else [])]
    split = [par.partition("=") for par in pares]
    for nome, igual, _ in split:
        if not igual:
            raise UsoErrado("config_invalida", f"--config usa a forma CHAVE=VALOR: falta o valor de {nome}.")
    return {nome.strip(): _value(ficha, nome.strip(), valor) for nome, _, valor in split}


def refuse_unknown(ficha: Ficha, nomes: Iterable[str]) -> None:
    for nome in nomes:
        _known(ficha, nome)


def complete_config(ficha: Ficha, config: Mapping[str, object]) -> dict[str, object]:
    """Ask whoever sits at the terminal for the settings that lack; a script is told which."""
    completed = {nome: valor for nome, valor in config.items() if valor is not None}
    for campo in missing(ficha.config, completed):
        if not sys.stdin.isatty():
            raise UsoErrado("falta_configuracao", f"Falta --config {campo.nome}=…: {campo.frase}")
        completed[campo.nome] = _value(ficha, campo.nome, _ask(campo, hidden=False))
    return completed


def read_stdin(ficha: Ficha) -> dict[str, str]:
    """Read one JSON object of credentials from standard input."""
    try:
        read = json.loads(sys.stdin.read())
    except ValueError:
        read = None
    if not isinstance(read, dict) or not all(isinstance(valor, str) for valor in read.values()):
        raise UsoErrado(
            "credenciais_invalidas", "A entrada padrão precisa ser um objeto JSON de textos {CHAVE: valor}."
        )
    for nome in read:
        _credencial(ficha, nome)
    return read


def ask_credenciais(ficha: Ficha, nomes: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    """Return `given` and, asked without showing them, the credentials of these names that it lacks."""
    asked = dict(given)
    for campo in [_credencial(ficha, nome) for nome in nomes]:
        if campo.nome not in asked:
            asked[campo.nome] = _ask_hidden(campo)
    return asked


def complete_credenciais(ficha: Ficha, nomes: Sequence[str], given: Mapping[str, str]) -> dict[str, str]:
    """Return every credential of a new channel, but for the words we make ourselves."""
    asked = ask_credenciais(ficha, nomes, given)
    while lacking := missing(ficha.secretos, proven(ficha, asked)):
        asked[lacking[0].nome] = _ask_hidden(lacking[0])
    return proven(ficha, asked)


def proven(ficha: Ficha, given: Mapping[str, str]) -> dict[str, str]:
    """Let a credential that proves the gateway's calls be the webhook's secret too, unless another is given."""
    twin = given.get(ficha.segredo_da_credencial or "")
    return {SEGREDO: twin, **given} if twin else dict(given)


def make_words(ficha: Ficha, given: Mapping[str, str]) -> dict[str, str]:
    """Return the words of ours that nobody gave, made at random."""
    return {campo.nome: new_word() for campo in ficha.secretos if campo.gerado and campo.nome not in given}


def new_word() -> str:
    return secrets.token_urlsafe(_SECRET_BYTES)


def seal(values: Mapping[str, str]) -> Cofre:
    """Return the credentials of a new channel."""
    segredo = values.get(SEGREDO)
    return Cofre({nome: valor for nome, valor in values.items() if nome != SEGREDO}, (segredo,) if segredo else ())


def _value(ficha: Ficha, nome: str, texto: str) -> object:
    campo = _known(ficha, nome)
    if not texto.strip():
        return None
    try:
        return campo.read(texto)
    except ValueError as error:
        raise UsoErrado("config_invalida", f"{error}.") from None


def _known(ficha: Ficha, nome: str) -> Campo:
    campo = ficha.find_config(nome)
    if campo is not None:
        return campo
    if ficha.find_credencial(nome) is not None:
        raise UsoErrado(
            "segredo_na_linha",
            f"{nome} é uma credencial, e a linha de comando fica no histórico: use --credencial {nome}, que pergunta o "
            "valor. Se o digitou agora, troque-o no gateway.",
        )
    known = ", ".join(campo.nome for campo in ficha.config)
    raise UsoErrado("config_desconhecida", f"{ficha.titulo} não tem a configuração {nome}; há: {known}.")


def _credencial(ficha: Ficha, nome: str) -> Campo:
    campo = ficha.find_credencial(nome.partition("=")[0])
    if campo is None:
        known = ", ".join(campo.nome for campo in ficha.secretos)
        raise UsoErrado("credencial_desconhecida", f"{ficha.titulo} não tem esta credencial; há: {known}.")
    if "=" in nome:
        raise UsoErrado(
            "segredo_na_linha",
            f"--credencial leva só o nome, {campo.nome}: a linha de comando fica no histórico. Troque no gateway o "
            "valor que acaba de digitar.",
        )
    return campo


def _ask_hidden(campo: Campo) -> str:
    if not sys.stdin.isatty():
        raise UsoErrado("sem_chave", f"Falta {campo.nome}: {campo.frase} Use --credenciais-stdin.")
    return _ask(campo, hidden=True)


def _ask(campo: Campo, *, hidden: bool) -> str:
    return str(typer.prompt(f"{campo.frase}\n{campo.nome}", hide_input=hidden, err=True)).strip()


def without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    return {nome: valor for nome, valor in values.items() if valor not in (None, {}, "")}
