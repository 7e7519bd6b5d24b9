"""`confirma canal pausar` and `retomar`: an operator's own stop."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from app.cli.canal.conta import find_canal
from app.cli.canal.grupo import Nome, grupo
from app.cli.canal.ver import UNTIL_RESUMED, say_state, summary
from app.cli.sessao import Terminal, comando
from app.wiring import Programa


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
    """Volta a enviar por um canal pausado ou doente."""
    _set_pause(tela, canal, pausa=timedelta(0), motivo=None)


def _set_pause(tela: Terminal, nome: str, *, pausa: timedelta | None, motivo: str | None) -> None:
    async def write(programa: Programa) -> tuple[dict[str, Any], Any]:
        now = programa.clock()
        async with programa.database.session_scope(programa.tenant_id) as sessao:
            canal = await find_canal(sessao, nome, lock=True)
            until = UNTIL_RESUMED if pausa is None else now + pausa
            canal.pausado_ate, canal.pausa_motivo = (until, motivo) if motivo else (None, None)
            if motivo is None:  # a person says that it is well again
                canal.doente_ate = None
            return summary(canal, now), programa.zona

    item, zona = tela.run(write)
    tela.show(item, f"Canal {item['nome']}: {say_state(item, zona)}.")
