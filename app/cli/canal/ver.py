"""`confirma canal listar`, `mostrar` and `tipos`: what there is, nothing secret."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer
from rich.table import Table
from sqlalchemy import func, select

from app.cli.canal.conta import build, ficha_of, find_canal, webhook_url
from app.cli.canal.grupo import Nome, grupo
from app.cli.saida import facts, local, table
from app.cli.sessao import Terminal, comando
from app.config import Settings
from app.models import Canal, Recebida
from app.providers.base import Capabilities
from app.providers.ficha import COMUNS, Campo, Cofre, Ficha, missing
from app.providers.registry import PROVIDERS
from app.wiring import Programa

UNTIL_RESUMED: Final = datetime(9999, 12, 31, tzinfo=UTC)


@comando(grupo, "listar")
def listar(tela: Terminal) -> None:
    """Lista os canais do hospital na ordem em que são usados."""
    canais, zona = tela.run(_list)
    rows = [
        (
            f"{ordem}º",
            item["id"],
            item["nome"],
            item["tipo"],
            item["prioridade"],
            item["taxa_por_minuto"],
            say_state(item, zona),
        )
        for ordem, item in enumerate(canais, 1)
    ]
    colunas = ("Ordem", "ID", "Nome", "Tipo", "Prioridade", "Por minuto", "Estado")
    tela.show(
        {"items": canais},
        table(None, colunas, rows) if rows else "Nenhum canal ainda: crie um com `confirma canal criar NOME`.",
    )


@comando(grupo, "mostrar")
def mostrar(tela: Terminal, canal: Nome) -> None:
    """Mostra tudo de um canal, menos as credenciais."""
    lido, zona = tela.run(lambda programa: _read(programa, canal))
    sabe = lido["sabe"]
    tela.show(
        lido,
        facts(
            f"Canal {lido['nome']}",
            {
                "Número": lido["id"],
                "Tipo": ficha_of(lido["tipo"]).titulo,
                "Estado": say_state(lido, zona),
                "Prioridade": f"{lido['prioridade']} (o menor número é usado primeiro)",
                "Por minuto": lido["taxa_por_minuto"],
                "Primeiros contatos por dia": lido["contatos_por_dia"] or "sem limite",
                "Credenciais": ", ".join(lido["credenciais"]) or "nenhuma",
                "Segredos do webhook": _say_secrets(lido["segredos_webhook"]),
                "Webhook": lido["webhook_url"],
                "Última chamada guardada": local(lido["ultima_chamada_em"], zona),
                **({"O que ele faz": ", ".join(sabe)} if sabe else {}),
                **lido["config"],
            },
        ),
        *lido["passos"],
    )


@comando(grupo, "tipos")
def tipos(
    tela: Terminal, tipo: Annotated[str | None, typer.Argument(help="Só este, com tudo o que ele pede.")] = None
) -> None:
    """Mostra os gateways que há, ou o que um deles pede para funcionar."""
    if tipo is None:
        rows = [(nome, PROVIDERS[nome].ficha.titulo) for nome in sorted(PROVIDERS)]
        tela.show(
            {"items": [{"tipo": nome, "titulo": titulo} for nome, titulo in rows]}, table(None, ("Tipo", ""), rows)
        )
        return
    ficha = ficha_of(tipo)
    tela.show(
        {
            "tipo": tipo,
            "titulo": ficha.titulo,
            "config": [_campo(campo) for campo in (*ficha.config, *COMUNS)],
            "credenciais": [_campo(campo) for campo in ficha.secretos],
            "passos": steps(ficha, tela.settings()),
        },
        _form(f"{ficha.titulo}: --config CHAVE=VALOR", (*ficha.config, *COMUNS)),
        _form("Credenciais: --credencial CHAVE", ficha.secretos),
        *steps(ficha, tela.settings()),
    )


def summary(canal: Canal, now: datetime) -> dict[str, Any]:
    """Return what may be shown of a channel: nothing secret. What is over by `now` is not told."""
    paused, sick = (
        until if until is not None and until > now else None for until in (canal.pausado_ate, canal.doente_ate)
    )
    return {
        "id": canal.id,
        "nome": canal.nome,
        "tipo": canal.tipo,
        "public_id": canal.public_id,
        "taxa_por_minuto": canal.taxa_por_minuto,
        "prioridade": canal.prioridade,
        "contatos_por_dia": canal.contatos_por_dia,
        "ativo": canal.ativo,
        "pausado_ate": paused,
        "pausa_motivo": canal.pausa_motivo if paused else None,
        "doente_ate": sick,
        "quedas": canal.quedas,
    }


def say_state(item: Mapping[str, Any], zona: ZoneInfo) -> str:
    """Say whether a channel sends, and why not; the graver reason comes first."""
    if not item["ativo"]:
        return "desligado"
    if item.get("defeito"):
        return f"mal configurado: {item['defeito']}"
    if item["pausado_ate"] is not None:
        forever = item["pausado_ate"] >= UNTIL_RESUMED - timedelta(days=1)
        until = "até ser retomado" if forever else f"até {local(item['pausado_ate'], zona)}"
        return f"pausado {until}: {item['pausa_motivo'] or 'sem motivo'}"
    if item["doente_ate"] is not None:
        return f"doente até {local(item['doente_ate'], zona)}, com {_falls(item['quedas'])}"
    return "ativo"


def steps(ficha: Ficha, settings: Settings) -> list[str]:
    """Return what is left to do at the gateway, numbered."""
    header = settings.botconversa.signature_header
    return [f"{number}. {passo.replace('{assinatura}', header)}" for number, passo in enumerate(ficha.passos, 1)]


def _falls(quedas: int) -> str:
    return "1 queda" if quedas == 1 else f"{quedas} quedas"


def _say_secrets(number: int) -> str:
    match number:
        case 0:
            return "nenhum"
        case 1:
            return "1 válido"
        case _:
            return f"{number} válidos, enquanto um substitui o outro: depois, `canal credenciais --descartar antigo`"


def _form(titulo: str, campos: Iterable[Campo]) -> Table:
    rows = [(campo.nome, _need(campo), campo.frase) for campo in campos]
    return table(titulo, ("Chave", "Precisa", "O que é"), rows)


def _need(campo: Campo) -> str:
    if campo.gerado:
        return "é sorteada"
    if not campo.obrigatorio:
        return "não"
    return f"sim, ou {campo.dispensado_por}" if campo.dispensado_por else "sim"


def _campo(campo: Campo) -> dict[str, Any]:
    return {
        "nome": campo.nome,
        "frase": campo.frase,
        "forma": campo.forma.value,
        "obrigatorio": campo.obrigatorio,
        "dispensado_por": campo.dispensado_por,
        "gerado": campo.gerado,
        "opcoes": list(campo.opcoes),
    }


@dataclass(frozen=True, slots=True)
class _Ability:
    sentence: str
    has: Any


_ABILITIES: Final = (
    _Ability("texto", lambda c: c.text),
    _Ability("botões", lambda c: c.buttons),
    _Ability("modelos aprovados", lambda c: c.templates),
    _Ability("fluxos", lambda c: c.flows),
    _Ability("diz o que foi entregue e lido", lambda c: c.receipts),
    _Ability("a resposta cita a pergunta", lambda c: c.quotes),
    _Ability("responde o que houve com uma mensagem", lambda c: c.query),
    _Ability("fora das 24 horas só com modelo", lambda c: c.needs_template),
    _Ability("último recurso, sem WhatsApp", lambda c: c.last_resort),
)


def _abilities(capabilities: Capabilities) -> list[str]:
    return [ability.sentence for ability in _ABILITIES if ability.has(capabilities)]


async def _list(programa: Programa) -> tuple[list[dict[str, Any]], ZoneInfo]:
    async with programa.database.session_scope(programa.tenant_id) as sessao:
        rows = (await sessao.scalars(select(Canal).order_by(Canal.prioridade, Canal.id))).all()
    return [
        {**summary(row, programa.clock()), "defeito": (await _try(programa, row))[0]} for row in rows
    ], programa.zona


async def _read(programa: Programa, nome: str) -> tuple[dict[str, Any], ZoneInfo]:
    async with programa.database.session_scope(programa.tenant_id) as sessao:
        canal = await find_canal(sessao, nome)
        last = await sessao.scalar(select(func.max(Recebida.recebida_em)).where(Recebida.canal_id == canal.id))
    cofre, ficha = Cofre.load(canal.credenciais), ficha_of(canal.tipo)
    defeito, capabilities = await _try(programa, canal)
    return {
        **summary(canal, programa.clock()),
        "defeito": defeito,
        "config": dict(canal.config),
        "credenciais": sorted(nome for nome, valor in cofre.valores.items() if valor),
        "faltam": [campo.nome for campo in missing(ficha.credenciais, cofre.valores)],
        "segredos_webhook": len(cofre.segredos),
        "webhook_url": webhook_url(programa.settings, canal.public_id) if ficha.segredo else None,
        "ultima_chamada_em": last,
        "sabe": _abilities(capabilities) if capabilities else [],
        "passos": steps(ficha, programa.settings),
    }, programa.zona


async def _try(programa: Programa, canal: Canal) -> tuple[str | None, Capabilities | None]:
    """Return why a channel cannot be built, or else what it can do; nothing is called."""
    try:
        provider = build(programa, canal)
    except ValueError as error:
        return str(error), None
    await provider.close()
    return None, provider.capabilities
