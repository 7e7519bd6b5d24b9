"""`confirma canal …`: the accounts through which messages leave."""

import json
import secrets
import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import typer
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli.erros import Falha, Saida, UsoErrado
from app.cli.saida import facts, local, table
from app.cli.sessao import Terminal, comando
from app.config import Settings
from app.models import Canal
from app.providers.base import GatewayHealth, Setup
from app.providers.botconversa import Modo
from app.providers.registry import build_provider
from app.wiring import Programa

grupo = typer.Typer(help="Canais: as contas por onde as mensagens saem.", no_args_is_help=True)

_TIPO: Final = "botconversa"
_PREFERRED: Final = 1
_UNTIL_RESUMED: Final = datetime(9999, 12, 31, tzinfo=UTC)
_SECRET_BYTES: Final = 32
Nome = Annotated[str, typer.Argument(metavar="CANAL", help="Nome ou número do canal.")]


@comando(grupo, "listar")
def listar(tela: Terminal) -> None:
    """Lista os canais do hospital."""
    canais, zona = tela.run(_list)
    rows = [
        (item["id"], item["nome"], item["tipo"], item["modo"], item["taxa_por_minuto"], _state(item, zona))
        for item in canais
    ]
    colunas = ("ID", "Nome", "Tipo", "Modo", "Por minuto", "Estado")
    tela.show(
        {"items": canais},
        table(None, colunas, rows) if rows else "Nenhum canal ainda: crie um com `confirma canal criar NOME`.",
    )


@comando(grupo, "criar")
def criar(
    tela: Terminal,
    nome: Annotated[str, typer.Argument(help="Como o canal será chamado aqui.")],
    *,
    modo: Annotated[Modo, typer.Option(help="Como a mensagem chega ao paciente.")] = Modo.NAO_OFICIAL,
    fluxo: Annotated[str | None, typer.Option(help="Nome ou número do fluxo padrão.")] = None,
    etiqueta: Annotated[str | None, typer.Option()] = None,
    campanha: Annotated[str | None, typer.Option()] = None,
    campo: Annotated[
        list[str] | None, typer.Option(metavar="NOSSO=DELES", help="Campo personalizado a gravar, repetível.")
    ] = None,
    taxa: Annotated[int, typer.Option(min=1, help="Requisições por minuto da conta.")] = 600,
    prioridade: Annotated[int, typer.Option(min=1, max=100, help="O menor número é usado primeiro.")] = _PREFERRED,
    api_key_stdin: Annotated[
        bool, typer.Option("--api-key-stdin", help="Lê a chave da conta na entrada padrão.")
    ] = False,
) -> None:
    """Cria um canal da Botconversa. A chave vem de BOTCONVERSA_API_KEY, da entrada padrão ou é perguntada."""
    settings = tela.settings()
    config: dict[str, Any] = {
        "base_url": settings.botconversa.api_url,
        "modo": modo.value,
        "tag": etiqueta,
        "campanha": campanha,
        "campos": _campos(campo or []),
        "taxa_por_minuto": taxa,
        **_fluxo(fluxo or settings.botconversa.flow_id),
    }
    config = {name: value for name, value in config.items() if value not in (None, {})}
    api_key, segredo = _read_key(settings, from_stdin=api_key_stdin), secrets.token_urlsafe(_SECRET_BYTES)
    credenciais = {"api_key": api_key, "webhook_secrets": [segredo]}
    canal = Canal(
        nome=nome,
        tipo=_TIPO,
        public_id=secrets.token_urlsafe(18),
        credenciais=json.dumps(credenciais),
        config=config,
        prioridade=prioridade,
        taxa_por_minuto=taxa,
    )
    criado = tela.run(lambda programa: _create(programa, canal, api_key))
    url = f"{settings.server.base_url}/webhook/{criado['public_id']}"
    tela.show(
        {**criado, "webhook_url": url, "webhook_header": "X-Webhook-Secret", "segredo_webhook": segredo},
        facts(
            f"Canal {nome} criado",
            {
                "Número": criado["id"],
                "Webhook": url,
                "Cabeçalho": f"X-Webhook-Secret: {segredo}",
                "Ou, no n8n": f"{settings.botconversa.signature_header}: HMAC-SHA256 do corpo com o mesmo segredo",
            },
        ),
        "O segredo não será mostrado de novo: guarde-o agora.",
    )


@comando(grupo, "testar")
def testar(tela: Terminal, canal: Nome) -> int:
    """Pergunta à conta do canal se ela responde."""
    saude = tela.run(lambda programa: _check(programa, canal))
    show_saude(tela, saude)
    return Saida.FEITO if saude.ok else Saida.FALHOU


@comando(grupo, "pausar")
def pausar(
    tela: Terminal,
    canal: Nome,
    *,
    minutos: Annotated[int | None, typer.Option(min=1, max=525_600, help="Sem isto, até `canal retomar`.")] = None,
    motivo: Annotated[str, typer.Option(help="Aparece em `canal listar`.")] = "pausado pela operação",
) -> None:
    """Para de enviar por um canal; as respostas continuam a ser recebidas."""
    _set_pause(tela, canal, pausa=timedelta(minutes=minutos) if minutos else None, motivo=motivo)


@comando(grupo, "retomar")
def retomar(tela: Terminal, canal: Nome) -> None:
    """Volta a enviar por um canal pausado."""
    _set_pause(tela, canal, pausa=timedelta(0), motivo=None)


def show_saude(tela: Terminal, saude: GatewayHealth) -> None:
    """Show whether a gateway answered."""
    objeto = {"ok": saude.ok, "detalhe": saude.detail, "ms": saude.ms}
    tela.show(objeto, f"{'OK' if saude.ok else 'Falhou'}: {saude.detail} ({saude.ms:.0f} ms)")


def summary(canal: Canal) -> dict[str, Any]:
    """Return what may be shown of a channel: nothing secret."""
    return {
        "id": canal.id,
        "nome": canal.nome,
        "tipo": canal.tipo,
        "public_id": canal.public_id,
        "modo": canal.config.get("modo", Modo.NAO_OFICIAL),
        "taxa_por_minuto": canal.taxa_por_minuto,
        "prioridade": canal.prioridade,
        "ativo": canal.ativo,
        "pausado_ate": canal.pausado_ate,
        "pausa_motivo": canal.pausa_motivo,
    }


def _state(item: dict[str, Any], zona: Any) -> str:
    if not item["ativo"]:
        return "desligado"
    ate = item["pausado_ate"]
    if ate is None:
        return "ativo"
    until = "até ser retomado" if ate >= _UNTIL_RESUMED - timedelta(days=1) else f"até {local(ate, zona)}"
    return f"pausado {until}: {item['pausa_motivo'] or 'sem motivo'}"


async def _list(programa: Programa) -> tuple[list[dict[str, Any]], Any]:
    now = programa.clock()
    async with programa.database.session_scope(programa.tenant_id) as sessao:
        rows = (await sessao.scalars(select(Canal).order_by(Canal.prioridade, Canal.id))).all()
    canais = [summary(row) for row in rows]
    for item in canais:
        if item["pausado_ate"] is not None and item["pausado_ate"] <= now:
            item |= {"pausado_ate": None, "pausa_motivo": None}
    return canais, programa.zona


def _campos(pares: list[str]) -> dict[str, str]:
    campos = dict(par.split("=", 1) for par in pares if "=" in par)
    if len(campos) < len(pares) or not all(campos) or not all(campos.values()):
        raise UsoErrado("campo_invalido", "--campo usa a forma NOSSO=DELES, como id_tabela=id_tabela, sem repetir.")
    return campos


def _fluxo(fluxo: str | None) -> dict[str, Any]:
    if fluxo is None:
        return {}
    return {"flow_id": int(fluxo)} if fluxo.isascii() and fluxo.isdigit() else {"flow_name": fluxo}


def _read_key(settings: Settings, *, from_stdin: bool) -> str:
    """Never from the command line: what stands there is in the shell's history and in the list of processes."""
    if from_stdin:
        return sys.stdin.readline().strip()
    if settings.botconversa.api_key is not None:
        return settings.botconversa.api_key.get_secret_value()
    if not sys.stdin.isatty():
        raise UsoErrado("sem_chave", "Informe a chave da conta em BOTCONVERSA_API_KEY ou use --api-key-stdin.")
    return str(typer.prompt("Chave da API da Botconversa", hide_input=True, err=True)).strip()


async def _create(programa: Programa, canal: Canal, api_key: str) -> dict[str, Any]:
    try:
        build_provider(canal.tipo, Setup(canal.config, {"api_key": api_key}, programa.http, programa.clock))
    except ValueError as error:
        raise UsoErrado("canal_invalido", f"O canal não pode ser criado: {error}.") from None
    canal.tenant_id = programa.tenant_id
    try:
        async with programa.database.session_scope(programa.tenant_id) as sessao:
            sessao.add(canal)
            await sessao.flush()
            return summary(canal)
    except IntegrityError:
        raise Falha("canal_repetido", f"Já existe um canal chamado {canal.nome}.") from None


async def _check(programa: Programa, nome: str) -> GatewayHealth:
    async with programa.database.session_scope(programa.tenant_id) as sessao:
        canal = await find_canal(sessao, nome)
    pronto = (await programa.canais.all()).get((programa.tenant_id, canal.id))
    if pronto is None:
        raise Falha("canal_inutilizavel", f"O canal {canal.nome} está desligado ou mal configurado.")
    return await pronto.provider.check()


def _set_pause(tela: Terminal, nome: str, *, pausa: timedelta | None, motivo: str | None) -> None:
    async def write(programa: Programa) -> tuple[dict[str, Any], Any]:
        async with programa.database.session_scope(programa.tenant_id) as sessao:
            canal = await find_canal(sessao, nome)
            until = _UNTIL_RESUMED if pausa is None else programa.clock() + pausa
            canal.pausado_ate, canal.pausa_motivo = (until, motivo) if motivo else (None, None)
            return summary(canal), programa.zona

    item, zona = tela.run(write)
    tela.show(item, f"Canal {item['nome']}: {_state(item, zona)}.")


async def find_canal(sessao: AsyncSession, nome: str) -> Canal:
    """Return a channel by its name or number."""
    by_name = Canal.nome == nome
    number = int(nome) if nome.isascii() and nome.isdigit() and len(nome) < len(str(2**63)) else None
    query = select(Canal).where(by_name if number is None else by_name | (Canal.id == number))
    canal = (await sessao.scalars(query.order_by(by_name.desc()).limit(1))).first()
    if canal is None:
        raise Falha("canal_inexistente", f"Não há um canal chamado {nome}.")
    return canal
