"""`confirma canal alterar`: settings, order and pace of a channel, in force without a restart."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from app.cli.canal.conta import ficha_of, find_canal, rate_of
from app.cli.canal.entradas import complete_config, read_config
from app.cli.canal.grupo import Config, ContatosPorDia, Nome, Prioridade, Taxa, grupo
from app.cli.canal.ver import summary
from app.cli.erros import UsoErrado
from app.cli.saida import table
from app.cli.sessao import Terminal, comando
from app.models import Canal
from app.providers.ficha import TAXA
from app.wiring import Programa

IN_FORCE: Final = "Vale em até 5 segundos, sem reiniciar nada."


@comando(grupo, "alterar")
def alterar(
    tela: Terminal,
    canal: Nome,
    *,
    config: Config = None,
    prioridade: Prioridade = None,
    taxa: Taxa = None,
    contatos_por_dia: ContatosPorDia = None,
    ligar: Annotated[
        bool | None,
        typer.Option("--ligar/--desligar", help="Desligado, nada envia e só ouve."),
    ] = None,
) -> None:
    """Altera um canal. CHAVE= sem valor volta ao padrão."""
    columns = {"prioridade": prioridade, "contatos_por_dia": contatos_por_dia, "ativo": ligar}
    given: dict[str, Any] = {nome: valor for nome, valor in columns.items() if valor is not None}
    if not given and not config and taxa is None:
        raise UsoErrado(
            "nada_a_alterar", "Diga o que alterar: --config, --prioridade, --taxa, --contatos-por-dia, --ligar."
        )
    if contatos_por_dia == 0:
        given["contatos_por_dia"] = None
    item, changes = tela.run(partial(change, nome=canal, columns=given, pares=config or [], taxa=taxa))
    tela.show({**item, "alterado": changes}, _table(item["nome"], changes), IN_FORCE if changes else "Nada mudou.")


async def change(
    programa: Programa, *, nome: str, columns: Mapping[str, Any], pares: list[str], taxa: int | None
) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    async with programa.database.session_scope(programa.tenant_id) as sessao:
        canal = await find_canal(sessao, nome, lock=True)
        before = _shown(canal)
        for column, valor in columns.items():
            setattr(canal, column, valor)
        ficha = ficha_of(canal.tipo)
        given = read_config(ficha, pares, taxa=taxa)
        if given:
            canal.config = complete_config(ficha, {**canal.config, **given})
            rate = await rate_of(programa, canal)
            canal.taxa_por_minuto = rate if TAXA in given else canal.taxa_por_minuto
        after = _shown(canal)
        changes = {
            name: [before.get(name), after.get(name)]
            for name in (*before, *(after.keys() - before.keys()))
            if before.get(name) != after.get(name)
        }
        return summary(canal, programa.clock()), changes


def _shown(canal: Canal) -> dict[str, Any]:
    columns = ("ativo", "prioridade", "contatos_por_dia")
    return {**{name: getattr(canal, name) for name in columns}, **canal.config, TAXA: canal.taxa_por_minuto}


def _table(nome: str, changes: Mapping[str, list[Any]]) -> Table | None:
    rows = [(name, de, para) for name, (de, para) in changes.items()]
    return table(f"Canal {nome}", ("", "Era", "É"), rows) if rows else None
