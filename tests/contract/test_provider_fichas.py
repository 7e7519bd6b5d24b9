"""Each gateway's form asks for what its gateway takes, and for nothing else."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.providers.base import Setup
from app.providers.ficha import COMUNS, SEGREDO, TAXA, Campo, Cofre, Ficha, Forma, missing, without_ours
from app.providers.http import HttpClient
from app.providers.registry import PROVIDERS, build_provider
from app.workers.canais import _OURS

PAGES = Path(__file__).parents[2] / "docs" / "provedores"
# What a person would give for what each form demands.
GIVEN: Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]] = {
    "botconversa": ({}, {"api_key": "k"}),
    "email": ({"servidor": "correio.test", "remetente": "a@hospital.test", "hospital": "Santa Casa"}, {}),
    "evolution": ({"base_url": "https://evolution.test", "instancia": "santacasa"}, {"api_key": "k"}),
    "meta": ({"phone_number_id": "106540352242922"}, {"token": "t"}),
    "twilio": ({"account_sid": "AC" + "0" * 32, "remetente": "+553130000000"}, {"auth_token": "a"}),
    "twilio_sms": ({"account_sid": "AC" + "0" * 32, "remetente": "Hospital"}, {"auth_token": "a"}),
    "zapi": ({}, {"instance_id": "I", "instance_token": "T"}),
}
TYPED = {
    Forma.TEXTO: "https://outro.test",
    Forma.NUMERO: "10",
    Forma.SIM_NAO: "sim",
    Forma.LISTA: f"HX{'0' * 32},HX{'1' * 32}",
    Forma.PARES: "id_tabela=id_tabela",
}
each_kind = pytest.mark.parametrize("kind", sorted(PROVIDERS))


def config_of(kind: str, **more: str) -> dict[str, object]:
    ficha = PROVIDERS[kind].ficha
    typed = {**GIVEN[kind][0], **more}
    return {nome: campo.read(texto) for nome, texto in typed.items() if (campo := ficha.find_config(nome))}


@each_kind
def test_what_the_form_demands_is_enough(kind: str, http: HttpClient, clock: Any) -> None:
    ficha, (config, credentials) = PROVIDERS[kind].ficha, GIVEN[kind]
    assert missing(ficha.config, config) == []
    assert missing(ficha.credenciais, credentials) == []
    assert build_provider(kind, Setup(config_of(kind), credentials, http, clock)).name == kind


@each_kind
def test_nothing_it_demands_can_be_left_out(kind: str, http: HttpClient, clock: Any) -> None:
    ficha, (_, credentials) = PROVIDERS[kind].ficha, GIVEN[kind]
    for campo in (campo for campo in ficha.config if campo.obrigatorio):
        config = {nome: valor for nome, valor in config_of(kind).items() if nome != campo.nome}
        with pytest.raises(ValueError, match=campo.nome):
            build_provider(kind, Setup(config, credentials, http, clock))
    for campo in (campo for campo in ficha.credenciais if campo.obrigatorio):
        given = {nome: valor for nome, valor in credentials.items() if nome != campo.nome}
        with pytest.raises(ValueError, match=campo.nome):
            build_provider(kind, Setup(config_of(kind), given, http, clock))


def complaint(kind: str, config: Mapping[str, object], http: HttpClient, clock: Any) -> str:
    try:
        build_provider(kind, Setup(config, GIVEN[kind][1], http, clock))
    except ValueError as error:
        return str(error)
    return ""


@each_kind
def test_every_setting_of_the_form_is_one_of_the_gateway(kind: str, http: HttpClient, clock: Any) -> None:
    """The value typed here may be wrong for it; the key and the form may not."""
    for campo in PROVIDERS[kind].ficha.config:
        typed = campo.opcoes[0] if campo.opcoes else TYPED[campo.forma]
        told = complaint(kind, config_of(kind, **{campo.nome: typed}), http, clock)
        assert not re.search(r"desconhecida|um texto|inteiro|true|verdadeiro|objeto|uma lista", told), told


@each_kind
def test_every_setting_of_the_gateway_is_in_its_form(kind: str, http: HttpClient, clock: Any) -> None:
    provider: Any = build_provider(kind, Setup(config_of(kind), GIVEN[kind][1], http, clock))
    form = {campo.nome for campo in PROVIDERS[kind].ficha.config}
    for nome in set(provider.config.__dataclass_fields__) - form:
        with pytest.raises(ValueError, match="desconhecida"):
            build_provider(kind, Setup({**config_of(kind), nome: ""}, GIVEN[kind][1], http, clock))


@each_kind
def test_the_page_names_every_key_and_the_form_says_what_each_is(kind: str) -> None:
    ficha, page = PROVIDERS[kind].ficha, (PAGES / f"{kind}.md").read_text("utf-8")
    keys = [campo.nome for campo in (*ficha.config, *ficha.credenciais)]
    assert [nome for nome in keys if f"`{nome}`" not in page] == []
    assert len(keys) == len(set(keys))
    assert all(frase.endswith(".") for frase in [campo.frase for campo in (*ficha.config, *ficha.secretos)])
    assert f"confirma canal criar NOME --tipo {kind}" in page or kind == "botconversa"
    assert "confirma canal testar" in page


@each_kind
def test_who_calls_us_is_proven_and_a_person_is_told_how(kind: str) -> None:
    ficha = PROVIDERS[kind].ficha
    assert (ficha.segredo is None) == (ficha.cabecalho is None)
    assert ficha.segredo is None or (ficha.segredo.nome == SEGREDO and ficha.passos)
    assert ficha.segredo_da_credencial is None or ficha.find_credencial(ficha.segredo_da_credencial)


@each_kind
def test_every_kind_says_how_fast_it_may_go(kind: str) -> None:
    assert PROVIDERS[kind].ficha.find_config(TAXA) is not None


def test_our_own_settings_are_those_the_workers_keep_from_the_gateways() -> None:
    assert {campo.nome for campo in COMUNS} == _OURS
    assert without_ours({"responder": "api", "botoes": True}) == {"botoes": True}


@pytest.mark.parametrize(
    ("forma", "texto", "expected"),
    [
        (Forma.TEXTO, " abc ", "abc"),
        (Forma.NUMERO, "12", 12),
        (Forma.SIM_NAO, "Sim", True),
        (Forma.SIM_NAO, "não", False),
        (Forma.LISTA, "a, b,", ["a", "b"]),
        (Forma.PARES, "a=b, c=d", {"a": "b", "c": "d"}),
    ],
)
def test_what_is_typed_is_read(forma: Forma, texto: str, expected: object) -> None:
    assert Campo("x", "X.", forma).read(texto) == expected


@pytest.mark.parametrize(
    ("campo", "texto"),
    [
        (Campo("x", "X.", Forma.NUMERO), "dez"),
        (Campo("x", "X.", Forma.NUMERO), "²"),
        (Campo("x", "X.", Forma.SIM_NAO), "talvez"),
        (Campo("x", "X.", Forma.PARES), "a=b,a=c"),
        (Campo("x", "X.", Forma.PARES), "a=b,c"),
        (Campo("x", "X.", opcoes=("um", "dois")), "tres"),
    ],
)
def test_what_cannot_be_read_says_which_key(campo: Campo, texto: str) -> None:
    with pytest.raises(ValueError, match=r"^x: "):
        campo.read(texto)


def test_one_of_two_is_enough() -> None:
    campos = (Campo("a", "A.", obrigatorio=True, dispensado_por="b"), Campo("b", "B."))
    assert missing(campos, {}) == [campos[0]]
    assert missing(campos, {"b": "1"}) == []


def test_credentials_come_back_as_they_were_kept_and_never_show() -> None:
    cofre = Cofre({"api_key": "chave-secreta"}, ("novo-segredo", "antigo-segredo"))
    assert Cofre.load(cofre.dump()) == cofre
    assert Cofre.load(None) == Cofre({}, ())
    assert "secret" not in repr(cofre)
    assert Ficha(titulo="X", config=(), credenciais=()).secretos == ()
