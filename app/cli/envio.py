"""`confirma workflow`, `mensagem`, `fluxo`, `campanha`, `etiqueta`, `campo`: one thing at the gateway, by hand."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any

import typer

from app.cli.contatos import read_phone, refuse_silenced
from app.cli.erros import Falha, Saida, UsoErrado
from app.cli.saida import table
from app.cli.sessao import Terminal, comando
from app.providers.botconversa import Named
from app.services.botconversa_service import BotconversaService
from app.wiring import Programa

mensagem = typer.Typer(help="Mensagens avulsas.", no_args_is_help=True)
fluxo = typer.Typer(help="Fluxos da conta.", no_args_is_help=True)
campanha = typer.Typer(help="Campanhas da conta.", no_args_is_help=True)
etiqueta = typer.Typer(help="Etiquetas da conta.", no_args_is_help=True)
campo = typer.Typer(help="Campos personalizados da conta.", no_args_is_help=True)

Contact = Annotated[str, typer.Argument(metavar="CONTATO", help="Número do contato no gateway, ou +telefone.")]
Telefones = Annotated[str, typer.Option("--telefone", help="Com DDD.")]
Listing = Callable[[BotconversaService], Awaitable[Sequence[Named]]]


def workflow(
    tela: Terminal, atendimento_id: Annotated[int, typer.Argument(metavar="ID", help="Número do atendimento.")]
) -> int:
    """Pergunta agora sobre um atendimento, mostrando cada passo; recusa se uma regra proíbe perguntar."""
    done = tela.run(lambda programa: programa.gateway.workflow(atendimento_id, programa.clock()))
    steps = [{"step": s.step, "ok": s.ok, "ms": s.ms, "detail": s.detail, "id": s.id} for s in done.steps]
    objeto = {
        "success": done.ok,
        "atendimento_id": atendimento_id,
        "subscriber_id": done.subscriber_id,
        "message_id": done.message_id,
        "steps": steps,
    }
    rows = [(step["step"], step["ok"], f"{step['ms']:.0f}", step["detail"], step["id"]) for step in steps]
    tela.show(objeto, table(f"Atendimento {atendimento_id}", ("Passo", "Feito", "ms", "Detalhe", "Id"), rows))
    return Saida.FEITO if done.ok else Saida.FALHOU


@comando(mensagem, "enviar")
def send_mensagem(
    tela: Terminal,
    *,
    telefone: Telefones,
    texto: Annotated[str, typer.Option(help="O que será escrito.")],
    nome: Annotated[str, typer.Option(help="Usado só se o contato ainda não existir no gateway.")] = "Contato",
) -> None:
    """Escreve a um contato agora; quem pediu para não receber mensagens não recebe."""
    if not texto.strip():
        raise UsoErrado("texto_vazio", "--texto está vazio.")
    lido = read_phone(telefone)

    async def send(programa: Programa) -> dict[str, Any]:
        await refuse_silenced(programa, lido.e164)
        service = await programa.gateway.service()
        contact = await service.create_subscriber(lido.e164, nome)
        message_id = await service.send_message(str(contact.id), texto)
        return {"success": True, "subscriber_id": str(contact.id), "message_id": message_id}

    done = tela.run(send)
    tela.show(done, f"Mensagem aceita pelo gateway (contato {done['subscriber_id']}).")


@comando(fluxo, "enviar")
def send_fluxo(
    tela: Terminal, contato: Contact, nome: Annotated[str, typer.Argument(metavar="FLUXO", help="Nome ou número.")]
) -> None:
    """Inicia um fluxo para um contato."""

    async def start(programa: Programa, subscriber_id: str) -> None:
        await programa.gateway.send_flow(subscriber_id, nome)

    _for_contact(tela, contato, start, feito=f"Fluxo {nome} iniciado", extra={"flow": nome})


@comando(campanha, "adicionar")
def add_campanha(tela: Terminal, contato: Contact, nome: Annotated[str, typer.Argument(metavar="CAMPANHA")]) -> None:
    """Inclui um contato numa campanha, que pode escrever a ele."""

    async def add(programa: Programa, subscriber_id: str) -> None:
        await (await programa.gateway.service()).add_to_campaign(subscriber_id, nome)

    _for_contact(tela, contato, add, feito=f"Incluído na campanha {nome}", extra={"campanha": nome})


@comando(etiqueta, "adicionar")
def add_etiqueta(tela: Terminal, contato: Contact, nome: Annotated[str, typer.Argument(metavar="ETIQUETA")]) -> None:
    """Põe uma etiqueta num contato."""

    async def add(programa: Programa, subscriber_id: str) -> None:
        await (await programa.gateway.service()).add_tag(subscriber_id, nome)

    _for_contact(tela, contato, add, feito=f"Etiqueta {nome} posta", extra={"etiqueta": nome})


@comando(campo, "adicionar")
def add_campo(
    tela: Terminal,
    contato: Contact,
    nome: Annotated[str, typer.Argument(metavar="CAMPO")],
    valor: Annotated[str, typer.Argument(metavar="VALOR")],
) -> None:
    """Grava um campo personalizado de um contato."""

    async def write(programa: Programa, subscriber_id: str) -> None:
        await (await programa.gateway.service()).set_custom_field(subscriber_id, nome, valor)

    _for_contact(tela, contato, write, feito=f"Campo {nome} gravado", extra={"campo": nome})


def _lists(group: typer.Typer, listing: Listing, sentence: str) -> None:
    def listar(tela: Terminal) -> None:
        async def read(programa: Programa) -> Sequence[Named]:
            return await listing(await programa.gateway.service())

        items = tela.run(read)
        rows = [(item.id, item.name) for item in items]
        tela.show(
            {"items": [{"id": str(item.id), "name": item.name} for item in items]}, table(None, ("Id", "Nome"), rows)
        )

    listar.__doc__ = sentence
    comando(group, "listar")(listar)


_lists(fluxo, BotconversaService.list_flows, "Lista os fluxos da conta.")
_lists(campanha, BotconversaService.list_campaigns, "Lista as campanhas da conta.")
_lists(etiqueta, BotconversaService.list_tags, "Lista as etiquetas da conta.")
_lists(campo, BotconversaService.list_custom_fields, "Lista os campos personalizados da conta.")


def _for_contact(
    tela: Terminal,
    contato: str,
    act: Callable[[Programa, str], Awaitable[None]],
    *,
    feito: str,
    extra: dict[str, str],
) -> None:
    async def work(programa: Programa) -> str:
        subscriber_id = await _subscriber(programa, contato)
        await act(programa, subscriber_id)
        return subscriber_id

    subscriber_id = tela.run(work)
    tela.show({"success": True, "subscriber_id": subscriber_id, **extra}, f"{feito} (contato {subscriber_id}).")


async def _subscriber(programa: Programa, contato: str) -> str:
    """Return the gateway's id; a phone is told from an id by its plus."""
    if not contato.startswith("+"):
        return contato
    found = await (await programa.gateway.service()).find_subscriber(read_phone(contato).e164)
    if found is None:
        raise Falha("contato_inexistente", "Não há contato com este telefone no gateway.")
    return str(found.id)
