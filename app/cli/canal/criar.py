"""`confirma canal criar`: a new account, of any kind the registry knows."""

import secrets
import sys
from collections.abc import Callable, Mapping
from functools import partial
from shlex import quote
from typing import Annotated, Any, Final

import typer
from sqlalchemy.exc import IntegrityError

from app.cli.canal.conta import ficha_of, rate_of, webhook_url
from app.cli.canal.entradas import (
    complete_config,
    complete_credenciais,
    make_words,
    read_config,
    read_stdin,
    refuse_unknown,
    seal,
    without_empty,
)
from app.cli.canal.grupo import Config, ContatosPorDia, CredenciaisStdin, Credencial, Prioridade, Taxa, grupo
from app.cli.canal.ver import UNTIL_RESUMED, steps, summary
from app.cli.erros import Falha, UsoErrado
from app.cli.saida import facts
from app.cli.sessao import Terminal, comando
from app.config import Settings
from app.models import Canal
from app.providers.botconversa import Modo
from app.providers.ficha import SEGREDO, Ficha
from app.wiring import Programa

_TIPO: Final = "botconversa"
_PREFERRED: Final = 1
_NEW: Final = "recém-criado"
_Campo = Annotated[
    list[str] | None, typer.Option(metavar="NOSSO=DELES", help="Campo personalizado da Botconversa, repetível.")
]


@comando(grupo, "criar")
def criar(  # noqa: PLR0913 - a command line's options
    tela: Terminal,
    nome: Annotated[str, typer.Argument(help="Como o canal será chamado aqui.")],
    *,
    tipo: Annotated[str, typer.Option(help="O gateway; `canal tipos` mostra quais há.")] = _TIPO,
    config: Config = None,
    credencial: Credencial = None,
    credenciais_stdin: CredenciaisStdin = False,
    taxa: Taxa = None,
    prioridade: Prioridade = None,
    contatos_por_dia: ContatosPorDia = None,
    pausado: Annotated[bool, typer.Option("--pausado", help="Recebe, mas só envia depois de `canal retomar`.")] = False,
    modo: Annotated[Modo | None, typer.Option(help="Da Botconversa: como a mensagem chega.")] = None,
    fluxo: Annotated[str | None, typer.Option(help="Da Botconversa: nome ou número do fluxo padrão.")] = None,
    etiqueta: Annotated[str | None, typer.Option(help="Da Botconversa.")] = None,
    campanha: Annotated[str | None, typer.Option(help="Da Botconversa.")] = None,
    campo: _Campo = None,
    api_key_stdin: Annotated[bool, typer.Option("--api-key-stdin", help="Lê só api_key, da entrada padrão.")] = False,
) -> None:
    """Cria um canal. O que faltar é perguntado; credenciais nunca vão na linha de comando."""
    settings, ficha = tela.settings(), ficha_of(tipo)
    named = {"modo": modo, "tag": etiqueta, "campanha": campanha, "campos": _campos(campo or []), **_fluxo(fluxo)}
    given = without_empty(named)
    refuse_unknown(ficha, given)
    given |= read_config(ficha, config or [], taxa=taxa)
    environment = _ENVIRONMENT.get(tipo, _nothing)(settings, given)
    full = complete_config(ficha, {**environment[0], **given})
    typed = read_stdin(ficha) if credenciais_stdin else {}
    if api_key_stdin:
        typed["api_key"] = sys.stdin.readline().strip()
    values = complete_credenciais(ficha, credencial or [], {**environment[1], **typed})
    made = make_words(ficha, values)
    canal = Canal(
        nome=nome,
        tipo=tipo,
        public_id=secrets.token_urlsafe(18),
        credenciais=seal({**values, **made}).dump(),
        config=full,
        prioridade=prioridade or _PREFERRED,
        pausado_ate=UNTIL_RESUMED if pausado else None,
        pausa_motivo=_NEW if pausado else None,
        contatos_por_dia=contatos_por_dia or None,
    )
    criado = tela.run(partial(_create, canal=canal))
    _show(tela, ficha, criado, made)


def _show(tela: Terminal, ficha: Ficha, criado: dict[str, Any], made: Mapping[str, str]) -> None:
    settings = tela.settings()
    url = webhook_url(settings, criado["public_id"]) if ficha.segredo else None
    segredo = made.get(SEGREDO)
    words = {nome: valor for nome, valor in made.items() if nome != SEGREDO}
    objeto = {
        **criado,
        "webhook_url": url,
        "webhook_header": ficha.cabecalho,
        "segredo_webhook": segredo,
        "palavras": words,
        "passos": steps(ficha, settings),
    }
    webhook = {"Webhook": url} if url else {}
    header = {"Cabeçalho": f"{ficha.cabecalho}: {segredo}"} if segredo else {}
    tela.show(
        objeto,
        facts(f"Canal {criado['nome']} criado", {"Número": criado["id"], **webhook, **header, **words}),
        "O que foi sorteado acima não será mostrado de novo: guarde-o agora." if made else None,
        *objeto["passos"],
        f"Experimente: confirma canal testar {quote(criado['nome'])} --para SEU-CELULAR",
    )
    if url and settings.server.public_base_url is None:
        tela.note("PUBLIC_BASE_URL não está definida: o endereço do webhook só vale nesta máquina.")


async def _create(programa: Programa, *, canal: Canal) -> dict[str, Any]:
    canal.tenant_id = programa.tenant_id
    canal.taxa_por_minuto = await rate_of(programa, canal)
    try:
        async with programa.database.session_scope(programa.tenant_id) as sessao:
            sessao.add(canal)
            await sessao.flush()
            return summary(canal, programa.clock())
    except IntegrityError:
        raise Falha("canal_repetido", f"Já existe um canal chamado {canal.nome}.") from None


def _campos(pares: list[str]) -> dict[str, str]:
    campos = dict(par.split("=", 1) for par in pares if "=" in par)
    if len(campos) < len(pares) or not all(campos) or not all(campos.values()):
        raise UsoErrado("campo_invalido", "--campo usa a forma NOSSO=DELES, como id_tabela=id_tabela, sem repetir.")
    return campos


def _fluxo(fluxo: str | None) -> dict[str, Any]:
    if fluxo is None:
        return {}
    return {"flow_id": int(fluxo)} if fluxo.isascii() and fluxo.isdigit() else {"flow_name": fluxo}


_Environment = tuple[dict[str, Any], dict[str, str]]


def _nothing(settings: Settings, given: Mapping[str, object]) -> _Environment:  # noqa: ARG001 - stands for a kind
    return {}, {}


def _of_botconversa(settings: Settings, given: Mapping[str, object]) -> _Environment:
    bot = settings.botconversa
    fluxo = {} if {"flow_id", "flow_name"} & set(given) else _fluxo(bot.flow_id)
    return {"base_url": bot.api_url, **fluxo}, {"api_key": bot.api_key.get_secret_value()} if bot.api_key else {}


# What the environment already says of an account: settings and credentials that need not be given again.
_ENVIRONMENT: Final[Mapping[str, Callable[[Settings, Mapping[str, object]], _Environment]]] = {_TIPO: _of_botconversa}
