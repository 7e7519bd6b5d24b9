"""The hospital's knowledge at a terminal; each change is taken back, because the installation is shared."""

from tests.integration.cli.apoio import Confirma


async def test_written_tried_proven_and_taken_away(confirma: Confirma) -> None:
    saved = await confirma(
        "conhecimento", "editar", "acompanhante", "--texto", "Pode, uma pessoa.",
        "--pergunta", "posso levar acompanhante?", "--pergunta", "pode ir acompanhado?", "--json",
    )  # fmt: skip
    tried = await confirma("conhecimento", "testar", "pode acompanhante?", "--json")
    proven = await confirma("conhecimento", "testar", "--json")
    thief = await confirma("conhecimento", "editar", "carro", "--texto", "x", "--pergunta", "tem estacionamento?")
    lost = await confirma("conhecimento", "testar", "--json")
    dropped = [await confirma("conhecimento", "apagar", chave) for chave in ("acompanhante", "carro")]
    listed = await confirma("conhecimento", "listar", "--json")
    assert (saved.rc, saved.json["perdidas"]) == (0, [])
    assert tried.json["texto"] == "Pode, uma pessoa."
    assert (proven.rc, proven.json["perdidas"]) == (0, [])
    assert (thief.rc, lost.rc) == (0, 1)
    assert {"chave": "estacionamento", "pergunta": "tem estacionamento?"} in lost.json["perdidas"]
    assert [each.rc for each in dropped] == [0, 0]
    assert "acompanhante" not in {item["chave"] for item in listed.json["items"]}


async def test_what_is_refused(confirma: Confirma) -> None:
    health = await confirma(
        "conhecimento", "editar", "preparo", "--texto", "x", "--pergunta", "tomo meu remédio?", "--json"
    )
    name = await confirma("conhecimento", "editar", "Preparo", "--texto", "x", "--json")
    empty = await confirma("conhecimento", "editar", "preparo", "--json", stdin="  ")
    gone = await confirma("conhecimento", "apagar", "nada", "--json")
    assert [(each.rc, each.json["erro"]["codigo"]) for each in (health, name, empty, gone)] == [
        (1, "pergunta_clinica"),
        (2, "chave_invalida"),
        (2, "dados_invalidos"),
        (1, "entrada_inexistente"),
    ]
