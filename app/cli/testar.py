"""`confirma testar …`: whether what we depend on answers."""

import time
from typing import Any, Final

import typer
from sqlalchemy import text

from app.cli.canal import show_saude
from app.cli.erros import Saida
from app.cli.saida import facts
from app.cli.sessao import Terminal, comando
from app.wiring import Programa

grupo = typer.Typer(help="Testes do que o Confirma precisa para trabalhar.", no_args_is_help=True)

_WHO: Final = text("""
SELECT current_setting('server_version') AS versao, CAST(current_user AS text) AS usuario, version_num AS revisao
FROM alembic_version""")


@comando(grupo, "banco")
def banco(tela: Terminal) -> None:
    """Abre o banco, confere usuário e versão, e mede uma ida e volta."""
    lido = tela.run(_measure)
    tela.show(
        lido,
        facts(
            "OK: o banco responde",
            {
                "PostgreSQL": lido["versao"],
                "Embutido": lido["embutido"],
                "Usuário": lido["usuario"],
                "Migração": lido["revisao"],
                "Ida e volta": f"{lido['ms']:.1f} ms",
            },
        ),
    )


@comando(grupo, "gateway")
def gateway(tela: Terminal) -> int:
    """Pergunta à conta do gateway se ela responde."""
    saude = tela.run(lambda programa: programa.gateway.check())
    show_saude(tela, saude)
    return Saida.FEITO if saude.ok else Saida.FALHOU


async def _measure(programa: Programa) -> dict[str, Any]:
    async with programa.database.global_scope() as sessao:
        row = (await sessao.execute(_WHO)).one()
        began = time.perf_counter()
        await sessao.execute(text("SELECT 1"))
        ms = (time.perf_counter() - began) * 1000
    return {
        "ok": True,
        "versao": row.versao,
        "embutido": programa.settings.database.is_embedded,
        "usuario": row.usuario,
        "revisao": row.revisao,
        "ms": round(ms, 3),
    }
