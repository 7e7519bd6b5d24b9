"""`confirma usuario …`: who may come in."""

import sys
from typing import Annotated, Any, Final

import typer

from app.auth.contas import plain_login
from app.cli.erros import Falha, UsoErrado
from app.cli.saida import facts, table
from app.cli.sessao import Terminal, comando
from app.domain.permissao import Papel
from app.domain.senha import SenhaRecusada
from app.models import Usuario
from app.repositories.identidade import IdentidadeRepository, LoginTomado
from app.wiring import Programa

grupo = typer.Typer(help="Usuários do painel e da API.", no_args_is_help=True)

_LINK: Final = "/entrar/senha#"

Login = Annotated[str, typer.Argument(metavar="LOGIN", help="Como a pessoa entra; um e-mail serve bem.")]
PelaEntrada = Annotated[bool, typer.Option("--senha-da-entrada", help="Lê a senha da entrada padrão, sem perguntar.")]
PorLink = Annotated[bool, typer.Option("--link", help="Mostra um link de uso único; a pessoa escolhe a senha.")]


@comando(grupo, "criar")
def criar(
    tela: Terminal,
    login: Login,
    *,
    nome: Annotated[str, typer.Option(help="Nome de quem usa, como aparece no histórico.")] = "",
    papel: Annotated[Papel, typer.Option(help="O que a pessoa é no hospital.")] = Papel.LEITURA,
    da_entrada: PelaEntrada = False,
    link: PorLink = False,
) -> None:
    """Cria um usuário."""
    senha = None if link else _ask_password(da_entrada=da_entrada)

    async def create(programa: Programa) -> tuple[Usuario, str | None]:
        tenant_id = programa.tenant_id
        try:
            usuario = await programa.contas.create(tenant_id, login, nome or plain_login(login), papel, senha)
        except LoginTomado as error:
            raise UsoErrado("login_tomado", f"Já existe um usuário {plain_login(login)}.") from error
        except SenhaRecusada as error:
            raise UsoErrado("senha_recusada", str(error)) from error
        return usuario, await _link(programa, usuario.id) if link else None

    usuario, convite = tela.run(create)
    tela.show(_out(usuario, convite), facts("Usuário criado", _shown(usuario, convite)))
    if papel is Papel.ADMINISTRADOR:
        tela.note("No primeiro acesso ao painel, o administrador cadastra o segundo fator.")


@comando(grupo, "senha")
def senha(tela: Terminal, login: Login, *, da_entrada: PelaEntrada = False, link: PorLink = False) -> None:
    """Troca a senha de um usuário e encerra tudo o que ele tinha aberto."""
    nova = None if link else _ask_password(da_entrada=da_entrada)

    async def change(programa: Programa) -> tuple[Usuario, str | None]:
        usuario = await _find(programa, login)
        if nova is None:
            return usuario, await _link(programa, usuario.id)
        try:
            await programa.contas.set_password(programa.tenant_id, usuario.id, nova)
        except SenhaRecusada as error:
            raise UsoErrado("senha_recusada", str(error)) from error
        return usuario, None

    usuario, convite = tela.run(change)
    tela.show(_out(usuario, convite), facts("Link criado" if convite else "Senha trocada", _shown(usuario, convite)))


@comando(grupo, "desativar")
def desativar(tela: Terminal, login: Login) -> None:
    """Impede a entrada de um usuário e encerra tudo o que ele tinha aberto."""
    usuario = tela.run(lambda programa: _set_active(programa, login, active=False))
    tela.show(_out(usuario), facts("Usuário desativado", _shown(usuario)))


@comando(grupo, "reativar")
def reativar(tela: Terminal, login: Login) -> None:
    """Deixa um usuário desativado entrar de novo."""
    usuario = tela.run(lambda programa: _set_active(programa, login, active=True))
    tela.show(_out(usuario), facts("Usuário reativado", _shown(usuario)))


@comando(grupo, "encerrar")
def encerrar(tela: Terminal, login: Login) -> None:
    """Encerra as sessões e os tokens de um usuário, que entra de novo se quiser."""

    async def end(programa: Programa) -> Usuario:
        usuario = await _find(programa, login)
        async with programa.database.session_scope(programa.tenant_id) as session:
            await IdentidadeRepository(session, programa.tenant_id).end_access(usuario.id)
        return usuario

    usuario = tela.run(end)
    tela.show(_out(usuario), facts("Sessões encerradas", _shown(usuario)))


@comando(grupo, "papel")
def papel(tela: Terminal, login: Login, novo: Annotated[Papel, typer.Argument(metavar="PAPEL")]) -> None:
    """Muda o papel de um usuário, que entra de novo para usá-lo."""

    async def change(programa: Programa) -> Usuario:
        usuario = await _find(programa, login)
        await programa.contas.set_role(programa.tenant_id, usuario.id, novo)
        return await _find(programa, login)

    usuario = tela.run(change)
    tela.show(_out(usuario), facts("Papel trocado", _shown(usuario)))


@comando(grupo, "perdeu-celular")
def perdeu_celular(tela: Terminal, login: Login) -> None:
    """Esquece o segundo fator de quem perdeu o celular; no próximo acesso a pessoa cadastra outro."""

    async def forget(programa: Programa) -> Usuario:
        usuario = await _find(programa, login)
        await programa.contas.drop_totp(programa.tenant_id, usuario.id)
        return await _find(programa, login)

    usuario = tela.run(forget)
    tela.show(_out(usuario), facts("Segundo fator esquecido", _shown(usuario)))


@comando(grupo, "listar")
def listar(tela: Terminal) -> None:
    """Lista os usuários."""

    async def read(programa: Programa) -> list[dict[str, Any]]:
        async with programa.database.session_scope(programa.tenant_id) as session:
            return [_out(usuario) for usuario in await IdentidadeRepository(session, programa.tenant_id).users()]

    itens = tela.run(read)
    colunas = ("Login", "Nome", "Papel", "Ativo", "Segundo fator")
    rows = [(i["login"], i["nome"], i["papel"], i["ativo"], i["segundo_fator"]) for i in itens]
    tela.show({"items": itens}, table("Usuários", colunas, rows))


async def _find(programa: Programa, login: str) -> Usuario:
    async with programa.database.session_scope(programa.tenant_id) as session:
        usuario = await IdentidadeRepository(session, programa.tenant_id).user_named(plain_login(login))
    if usuario is None:
        raise Falha("usuario_inexistente", f"Não há usuário {plain_login(login)} neste hospital.")
    return usuario


async def _set_active(programa: Programa, login: str, *, active: bool) -> Usuario:
    found = await _find(programa, login)
    async with programa.database.session_scope(programa.tenant_id) as session:
        repository = IdentidadeRepository(session, programa.tenant_id)
        usuario = await repository.user(found.id)
        if usuario is None:
            raise Falha("usuario_inexistente", "O usuário acaba de ser removido.")
        usuario.ativo = active
        await session.flush()
        await repository.end_access(usuario.id)
    return usuario


async def _link(programa: Programa, usuario_id: int) -> str:
    segredo = await programa.contas.invite(programa.tenant_id, usuario_id)
    return f"{programa.settings.server.base_url}{_LINK}{segredo.texto}"


def _ask_password(*, da_entrada: bool) -> str:
    if da_entrada:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise UsoErrado("sem_senha", "Não há terminal para perguntar a senha: use --senha-da-entrada ou --link.")
    digitada: str = typer.prompt("Senha (12 caracteres ou mais)", hide_input=True, confirmation_prompt="A mesma senha")
    return digitada


def _out(usuario: Usuario, convite: str | None = None) -> dict[str, Any]:
    return {
        "id": usuario.id,
        "login": usuario.login,
        "nome": usuario.nome,
        "papel": str(usuario.papel),
        "ativo": usuario.ativo,
        "segundo_fator": usuario.totp_segredo is not None,
        **({"link": convite} if convite else {}),
    }


def _shown(usuario: Usuario, convite: str | None = None) -> dict[str, Any]:
    rows = {"Login": usuario.login, "Nome": usuario.nome, "Papel": str(usuario.papel), "Ativo": usuario.ativo}
    return {**rows, "Link (vale uma vez, por um dia)": convite} if convite else rows
