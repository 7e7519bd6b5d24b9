"""`confirma db …`: migrate, back up, restore."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select, text

from app.cli.dono import Dono, count_rows, open_dono
from app.cli.erros import Falha, Saida, UsoErrado
from app.cli.saida import facts
from app.cli.sessao import Terminal, comando
from app.config import Settings
from app.crypto import UndecipherableError
from app.database import SCHEMA, newest_revision
from app.models import Canal, Contato
from app.wiring import Programa

grupo = typer.Typer(help="Banco de dados: migrar, copiar, restaurar.", no_args_is_help=True)

_KEYS_KEPT_APART = (
    "A cópia não contém as chaves: guarde também {chaves}, em outro lugar. Sem elas, nomes e telefones não abrem."
)


@comando(grupo, "migrate")
def migrate(tela: Terminal) -> None:
    """Leva as tabelas à versão deste programa."""
    revision = tela.run(_revision)
    if revision != newest_revision():
        raise Falha(
            "migracao_pendente",
            f"O banco está na versão {revision} e este programa espera {newest_revision()}: informe "
            "DATABASE_MIGRATION_URL, o endereço com o usuário dono das tabelas.",
        )
    tela.show({"revisao": revision}, f"O banco está na versão {revision}, a deste programa.")


@comando(grupo, "backup")
def backup(
    tela: Terminal,
    arquivo: Annotated[Path, typer.Argument(help="Onde gravar a cópia.")],
    *,
    sobrescrever: Annotated[bool, typer.Option("--sobrescrever", help="Troca um arquivo que já existe.")] = False,
) -> None:
    """Grava uma cópia de todos os dados num arquivo, com o programa no ar ou não."""
    if arquivo.exists() and not sobrescrever:
        raise UsoErrado("arquivo_existe", f"O arquivo {arquivo} já existe: escolha outro ou use --sobrescrever.")
    if not arquivo.absolute().parent.is_dir():
        raise UsoErrado("pasta_inexistente", f"A pasta {arquivo.absolute().parent} não existe.")
    settings = tela.settings()
    linhas = tela.run_alone(settings, partial(_backup, settings, arquivo.absolute()))
    tamanho = arquivo.stat().st_size
    tela.show(
        {"arquivo": str(arquivo), "bytes": tamanho, "linhas": linhas},
        facts("Cópia gravada", {"Arquivo": arquivo, "Tamanho": f"{tamanho / 1024:.0f} KiB", **linhas}),
    )
    tela.note(_KEYS_KEPT_APART.format(chaves=_where_keys_are(settings)))


@comando(grupo, "restore")
def restore(
    tela: Terminal, arquivo: Annotated[Path, typer.Argument(help="Cópia gravada por `confirma db backup`.")]
) -> int:
    """Restaura uma cópia num banco vazio."""
    if not arquivo.is_file():
        raise UsoErrado("arquivo_inexistente", f"O arquivo {arquivo} não existe.")
    settings = tela.settings()
    linhas = tela.run_alone(settings, partial(_restore, settings, arquivo.absolute()))
    opens = tela.run(_opens)
    tela.show(
        {"arquivo": str(arquivo), "linhas": linhas, "chaves_conferem": opens},
        facts("Cópia restaurada", {"Arquivo": arquivo, **linhas}),
    )
    if opens:
        return Saida.FEITO
    chaves = _where_keys_are(settings)
    tela.note(f"Os dados voltaram, mas não abrem com as chaves desta instalação: traga {chaves} da original.")
    return Saida.EM_PARTE


async def _revision(programa: Programa) -> str | None:
    async with programa.database.global_scope() as sessao:
        found: str | None = (await sessao.execute(text("SELECT version_num FROM alembic_version"))).scalar()
    return found


async def _backup(settings: Settings, arquivo: Path) -> dict[str, int]:
    draft = arquivo.with_name(f".{arquivo.name}.parcial")
    async with open_dono(settings) as dono:
        linhas = await count_rows(dono)
        if not linhas:
            raise Falha("banco_vazio", "O banco ainda não tem as tabelas do Confirma: não há o que copiar.")
        try:
            draft.touch(mode=0o600)
            dono.run("pg_dump", "--format=custom", f'--schema="{SCHEMA}"', f"--file={draft}")
            draft.replace(arquivo)
        except OSError as error:
            raise Falha("arquivo_inacessivel", f"Não foi possível gravar {arquivo}: {error.strerror}.") from None
        finally:
            draft.unlink(missing_ok=True)
    return linhas


async def _restore(settings: Settings, arquivo: Path) -> dict[str, int]:
    async with open_dono(settings) as dono:
        await _refuse_occupied(dono)
        owner = () if dono.embedded else ("--no-owner",)
        dono.run("pg_restore", "--exit-on-error", "--single-transaction", *owner, str(arquivo))
        return await count_rows(dono)


async def _refuse_occupied(dono: Dono) -> None:
    """Go on only where nothing can be lost; a schema without tables is in the way, and nobody's."""
    connection = await dono.connect()
    try:
        if await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = $1", SCHEMA):
            raise Falha(
                "banco_ocupado",
                "O banco já tem dados do Confirma: restaure num banco vazio, por exemplo com --dados numa pasta nova.",
            )
        await connection.execute(f'DROP SCHEMA IF EXISTS "{SCHEMA}"')
    finally:
        await connection.close()


async def _opens(programa: Programa) -> bool:
    """Tell whether what is encrypted opens with the keys at hand."""
    async with programa.database.session_scope(programa.tenant_id) as sessao:
        samples: tuple[Any, ...] = (select(Contato.telefone).limit(1), select(Canal.credenciais).limit(1))
        try:
            for sample in samples:
                await sessao.scalar(sample)
        except UndecipherableError:
            return False
    return True


def _where_keys_are(settings: Settings) -> str:
    if settings.security.secret_key is None:
        return str(settings.data_dir / "segredos.json")
    return "SECRET_KEY e ENCRYPTION_KEYS"
