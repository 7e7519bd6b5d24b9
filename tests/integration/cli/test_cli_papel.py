"""Another role, and a lost phone, from the command line."""

from tests.integration.cli.apoio import Confirma

LOGIN = "davi@hospital.exemplo"


async def test_another_role_from_the_command_line(confirma: Confirma) -> None:
    await confirma("usuario", "criar", LOGIN, "--papel", "recepcao", "--link", "--json")
    done = await confirma("usuario", "papel", LOGIN, "gestor", "--json")
    assert (done.rc, done.json["papel"]) == (0, "gestor")
    assert (await confirma("usuario", "papel", LOGIN, "dono", "--json")).rc == 2
    assert (await confirma("usuario", "papel", "ninguem", "gestor", "--json")).rc == 1


async def test_a_lost_phone_from_the_command_line(confirma: Confirma) -> None:
    await confirma("usuario", "criar", f"2{LOGIN}", "--link", "--json")
    done = await confirma("usuario", "perdeu-celular", f"2{LOGIN}", "--json")
    assert (done.rc, done.json["segundo_fator"]) == (0, False)
    assert (await confirma("usuario", "perdeu-celular", "ninguem", "--json")).rc == 1
