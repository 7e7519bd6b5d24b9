"""Users, keys, the audit trail and the keys of what is stored, from the command line."""

import pytest

from tests.integration.cli.apoio import Confirma, Feito

SENHA = "uma frase bem minha"
LOGIN = "bia@hospital.exemplo"


async def test_a_person_from_first_to_last(confirma: Confirma) -> None:
    async def run(*words: str, stdin: str = "") -> Feito:
        return await confirma("usuario", *words, "--json", stdin=stdin)

    made = await run("criar", LOGIN, "--nome", "Bia", "--papel", "recepcao", "--link")
    assert "/entrar/senha#cvt_" in made.json["link"]
    assert (await run("criar", LOGIN, "--link")).rc == 2, "a login is one person's"
    assert (await run("senha", LOGIN, "--senha-da-entrada", stdin=f"{SENHA}\n")).rc == 0
    assert (await run("senha", LOGIN, "--senha-da-entrada", stdin="curta\n")).rc == 2
    assert "/entrar/senha#cvt_" in (await run("senha", LOGIN, "--link")).json["link"]
    assert (await run("desativar", LOGIN)).json["ativo"] is False
    assert (await run("reativar", LOGIN)).json["ativo"] is True
    assert (await run("encerrar", LOGIN)).rc == 0
    assert (await run("desativar", "ninguem")).rc == 1
    listed = await run("listar")
    assert [one["papel"] for one in listed.json["items"] if one["login"] == LOGIN] == ["recepcao"]
    assert SENHA not in listed.out


async def test_without_a_terminal_no_password_is_asked(confirma: Confirma) -> None:
    done = await confirma("usuario", "criar", "caio@hospital.exemplo", "--json")
    assert (done.rc, done.json["erro"]["codigo"]) == (2, "sem_senha")


async def test_a_key_from_first_to_last(confirma: Confirma) -> None:
    async def run(*words: str) -> Feito:
        return await confirma("chave", *words, "--json")

    made = (await run("criar", "n8n", "--escopo", "webhook:receber", "--dias", "90")).json
    assert made["chave"].startswith(made["inicio"])
    assert (await run("criar", "n8n", "--escopo", "webhook:receber")).rc == 2
    other = (await run("girar", "n8n", "--horas", "1")).json
    assert other["chave"] != made["chave"]
    listing = await run("listar")
    assert made["chave"] not in listing.out
    assert [one["nome"] for one in listing.json["items"]] == ["n8n", "n8n"]
    assert (await run("revogar", "n8n")).json["revogadas"] == 2
    assert (await run("girar", "n8n")).rc == 1


@pytest.mark.parametrize("escopo", ["tudo", ""])
async def test_a_scope_that_is_none_is_refused(confirma: Confirma, escopo: str) -> None:
    assert (await confirma("chave", "criar", "x", "--escopo", escopo)).rc == 2


async def test_the_trail_and_the_keys_are_told(confirma: Confirma) -> None:
    walked = await confirma("auditoria", "verificar", "--json")
    assert (walked.rc, walked.json["rompida"]) == (0, None)
    assert (await confirma("auditoria", "verificar", "--ancora", walked.json["ancora"], "--json")).rc == 0
    assert (await confirma("auditoria", "verificar", "--ancora", f"999999:{'0' * 64}", "--json")).rc == 1
    assert (await confirma("auditoria", "verificar", "--ancora", "nada", "--json")).rc == 2
    assert (await confirma("auditoria", "listar", "--json")).json["items"] == []
    before = (await confirma("cripto", "estado", "--json")).json
    assert set(before["valores"]) <= {before["atual"]}
    turned = await confirma("cripto", "girar", "--json")
    assert (turned.rc, turned.json["girados"], turned.json["velhas"]) == (0, 0, [])
