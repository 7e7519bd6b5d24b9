"""From a channel's row to a gateway: what is accepted, and the sentence for what is not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.providers.base import (
    DEFAULT_RETRY_AFTER,
    Ambiguous,
    Misconfigured,
    ProviderError,
    Rejected,
    Setup,
    Throttled,
    Unavailable,
    WebhookCall,
    error_from,
    retry_after,
)
from app.providers.botconversa import BotconversaConfig, Modo
from app.providers.email import EmailConfig
from app.providers.http import HttpClient
from app.providers.registry import PROVIDERS, build_provider

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
_TWILIO: Mapping[str, object] = {"account_sid": "AC" + "0" * 32, "remetente": "+553130000000"}
MAIL = {"servidor": "correio.exemplo", "remetente": "confirma@santacasa.exemplo", "hospital": "Santa Casa"}


@dataclass
class Answered:
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


@pytest.mark.parametrize("kind", sorted(PROVIDERS))
def test_each_gateway_has_its_page_and_its_cases(kind: str) -> None:
    assert (ROOT / "docs" / "provedores" / f"{kind}.md").is_file()
    assert list((ROOT / "tests" / "contract" / "fixtures" / kind).glob("*.json"))


def test_a_channel_with_nothing_but_its_key(http: HttpClient, clock: Any) -> None:
    provider = build_provider("botconversa", Setup({}, {"api_key": "k"}, http, clock))
    assert provider.capabilities.rate_per_minute == 600


def test_neither_credentials_nor_what_a_patient_wrote_shows_in_a_trace(http: HttpClient, clock: Any) -> None:
    call = WebhookCall(b"confirmo", {"x-webhook-secret": "segredo"}, "https://h.test/webhook/c?segredo=segredo")
    assert [told for told in ("confirmo", "segredo") if told in repr(call)] == []
    assert "chave" not in repr(Setup({}, {"api_key": "chave"}, http, clock))


REACHED: Mapping[str, tuple[Mapping[str, object], Mapping[str, str]]] = {
    "botconversa": ({}, {"api_key": "k"}),
    "evolution": ({"instancia": "santacasa"}, {"api_key": "k"}),
    "meta": ({"phone_number_id": "1"}, {"token": "t"}),
    "twilio": (_TWILIO, {"auth_token": "t"}),
    "twilio_sms": (_TWILIO, {"auth_token": "t"}),
    "zapi": ({}, {"instance_id": "I", "instance_token": "T"}),
}
EVOLUTION_ONLY = ["http://10.0.0.4:8080", "http://172.16.0.9", "http://192.168.1.20:8080/api", "http://[fd00::4]:8080"]


def builds_at(kind: str, url: str, http: HttpClient, clock: Any, *, key: str = "base_url") -> bool:
    config, credentials = REACHED[kind]
    try:
        build_provider(kind, Setup({**config, key: url}, credentials, http, clock))
    except ValueError as error:
        assert str(error).startswith(f"{key}: informe")  # noqa: PT017 - either way out is right
        return False
    return True


@pytest.mark.parametrize("kind", sorted(REACHED))
def test_keys_and_names_do_not_travel_in_clear(kind: str, http: HttpClient, clock: Any) -> None:
    near = ["http://127.0.0.1:8080/api", "http://127.8.0.1", "http://localhost:9", "http://[::1]:9"]
    for url in ("https://gateway.test/api", *near):
        assert builds_at(kind, url, http, clock), url
    outside = [
        *("http://gateway.test", "http://8.8.8.8", "http://172.32.0.1", "http://169.254.169.254", "http://0.0.0.0"),
        *(
            "http://localhost.gateway.test",
            "http://127.0.0.1.gateway.test",
            "http://evolution.local",
            "http://[fe80::1]",
        ),
        *("https://a:b@gateway.test", "http://gateway.test@127.0.0.1", "https://gateway.test:x", "http://[::1"),
    ]
    for url in outside:
        assert not builds_at(kind, url, http, clock), url
    for url in EVOLUTION_ONLY:
        assert builds_at(kind, url, http, clock) is (kind == "evolution"), url


def test_nor_to_where_twilio_keeps_its_contents(http: HttpClient, clock: Any) -> None:
    assert builds_at("twilio", "http://127.0.0.1:9", http, clock, key="content_url")
    assert not builds_at("twilio", "http://content.test", http, clock, key="content_url")


@pytest.mark.parametrize(
    ("kind", "config", "credentials", "says"),
    [
        ("pombo", {}, {}, "desconhecido: pombo"),
        ("botconversa", {}, {}, "api_key"),
        ("botconversa", {}, {"api_key": "chave\ninjetada: x"}, "api_key"),
        ("botconversa", {"modo": "misto"}, {"api_key": "k"}, "nao_oficial, oficial, mensagem_e_fluxo"),
        ("botconversa", {"flow_id": "abc"}, {"api_key": "k"}, "flow_id"),
        ("botconversa", {"flow_id": True}, {"api_key": "k"}, "flow_id"),
        ("botconversa", {"base_url": "ftp://x"}, {"api_key": "k"}, "base_url"),
        ("botconversa", {"tag": 3}, {"api_key": "k"}, "tag"),
        ("botconversa", {"campos": {"id_tabela": 3}}, {"api_key": "k"}, "campos"),
        ("botconversa", {"taxa_por_minuto": 99999999}, {"api_key": "k"}, "taxa_por_minuto"),
        ("botconversa", {"fluxo": 1}, {"api_key": "k"}, "desconhecida: fluxo"),
        ("email", {}, {}, "servidor"),
        ("email", MAIL | {"servidor": "smtp://correio.exemplo"}, {}, "servidor"),
        ("email", MAIL | {"servidor": "correio.exemplo:587"}, {}, "servidor"),
        ("email", MAIL | {"porta": "x"}, {}, "porta: informe um número inteiro"),
        ("email", MAIL | {"porta": 65536}, {}, "porta"),
        ("email", MAIL | {"porta": True}, {}, "porta"),
        ("email", MAIL | {"tls": "ssl"}, {}, "starttls, tls, nenhum"),
        ("email", MAIL | {"tls": "nenhum"}, {}, "nesta mesma máquina"),
        ("email", MAIL | {"tls": "nenhum", "servidor": "10.0.0.1"}, {}, "nesta mesma máquina"),
        ("email", MAIL | {"remetente": ""}, {}, "remetente"),
        ("email", MAIL | {"remetente": "Santa Casa <a@b.exemplo>"}, {}, "remetente"),
        ("email", MAIL | {"hospital": " "}, {}, "hospital"),
        ("email", MAIL | {"hospital": "x" * 61}, {}, "hospital"),
        ("email", MAIL | {"hospital": 3}, {}, "hospital"),
        ("email", MAIL | {"responder_a": "recepcao"}, {}, "responder_a"),
        ("email", MAIL | {"descadastro": "http://santacasa.exemplo/sair"}, {}, "descadastro"),
        ("email", MAIL | {"descadastro": "https://x>,<mailto:a@b.exemplo"}, {}, "descadastro"),
        ("email", MAIL | {"certificado_ca": "não é PEM"}, {}, "certificado_ca"),
        ("email", MAIL | {"certificado_ca": "-----BEGIN CERTIFICATE-----"}, {}, "certificado_ca"),
        ("email", MAIL | {"taxa_por_minuto": 601}, {}, "entre 1 e 600"),
        ("email", MAIL | {"taxa_por_minuto": 1.5}, {}, "taxa_por_minuto"),
        ("email", MAIL | {"espera_s": 0}, {}, "espera_s"),
        ("email", MAIL | {"espera_s": 16}, {}, "espera_s"),
        ("email", MAIL | {"espera_entrega_s": 61}, {}, "espera_entrega_s"),
        ("email", MAIL | {"senha": "x"}, {}, "desconhecida: senha"),
        ("email", MAIL, {"usuario": "a"}, "senha"),
        ("email", MAIL, {"senha": "x"}, "usuario"),
        ("email", MAIL, {"usuario": "a", "senha": "x\0y"}, "senha"),
        ("zapi", {}, {}, "instance_id"),
        ("zapi", {}, {"instance_id": "I/../J", "instance_token": "T"}, "instance_id"),
        ("zapi", {}, {"instance_id": "I"}, "instance_token"),
        ("zapi", {}, {"instance_id": "I", "instance_token": "T?x=1"}, "instance_token"),
        ("zapi", {}, {"instance_id": "I", "instance_token": "T", "client_token": "a\nb"}, "client_token"),
        ("zapi", {"base_url": "ftp://x"}, {"instance_id": "I", "instance_token": "T"}, "base_url"),
        ("zapi", {"base_url": 3}, {"instance_id": "I", "instance_token": "T"}, "base_url"),
        ("zapi", {"botoes": "sim"}, {"instance_id": "I", "instance_token": "T"}, "botoes"),
        ("zapi", {"taxa_por_minuto": 61}, {"instance_id": "I", "instance_token": "T"}, "entre 1 e 60"),
        ("zapi", {"taxa_por_minuto": "dez"}, {"instance_id": "I", "instance_token": "T"}, "taxa_por_minuto"),
        ("zapi", {"instance_id": "I"}, {"instance_id": "I", "instance_token": "T"}, "desconhecida: instance_id"),
        ("meta", {"phone_number_id": "1"}, {}, "token"),
        ("meta", {"phone_number_id": "1"}, {"token": "chave\ninjetada: x"}, "token"),
        ("meta", {}, {"token": "t"}, "phone_number_id"),
        ("meta", {"phone_number_id": "1/2"}, {"token": "t"}, "phone_number_id"),
        ("meta", {"phone_number_id": True}, {"token": "t"}, "phone_number_id"),
        ("meta", {"phone_number_id": "1", "waba_id": "conta"}, {"token": "t"}, "waba_id"),
        ("meta", {"phone_number_id": "1", "base_url": "ftp://x"}, {"token": "t"}, "base_url"),
        ("meta", {"phone_number_id": "1", "versao": "24"}, {"token": "t"}, "versao"),
        ("meta", {"phone_number_id": "1", "botoes": "sim"}, {"token": "t"}, "botoes"),
        ("meta", {"phone_number_id": "1", "taxa_por_minuto": 60001}, {"token": "t"}, "taxa_por_minuto"),
        ("meta", {"phone_number_id": "1", "taxa_por_minuto": 0}, {"token": "t"}, "taxa_por_minuto"),
        ("meta", {"phone_number_id": "1", "max_paginas": "x"}, {"token": "t"}, "max_paginas"),
        ("meta", {"phone_number_id": "1", "numero": "1"}, {"token": "t"}, "desconhecida: numero"),
        ("twilio", {"remetente": "+553130000000"}, {"auth_token": "t"}, "account_sid"),
        ("twilio", {"account_sid": "AC123", "remetente": "+553130000000"}, {"auth_token": "t"}, "account_sid: são AC"),
        ("twilio", _TWILIO, {}, "auth_token"),
        ("twilio", _TWILIO, {"auth_token": "a\nb: c"}, "auth_token"),
        ("twilio", _TWILIO, {"api_key_sid": "SK1", "auth_token": "t"}, "api_key_secret"),
        ("twilio", {"account_sid": _TWILIO["account_sid"]}, {"auth_token": "t"}, "remetente ou messaging_service_sid"),
        ("twilio", {**_TWILIO, "messaging_service_sid": "MG" + "0" * 32}, {"auth_token": "t"}, "informe um dos dois"),
        ("twilio", {**_TWILIO, "messaging_service_sid": "XX"}, {"auth_token": "t"}, "são MG"),
        ("twilio", {**_TWILIO, "remetente": "3130000000"}, {"auth_token": "t"}, "remetente: .*E.164"),
        ("twilio", {**_TWILIO, "remetente": "Hospital"}, {"auth_token": "t"}, "remetente"),
        ("twilio", {**_TWILIO, "remetente": 55}, {"auth_token": "t"}, "remetente: informe um texto"),
        ("twilio", {**_TWILIO, "base_url": "https://x/?a=1"}, {"auth_token": "t"}, "base_url"),
        ("twilio", {**_TWILIO, "content_url": "content.test"}, {"auth_token": "t"}, "content_url"),
        ("twilio", {**_TWILIO, "modelos_com_payload": ["confirmacao"]}, {"auth_token": "t"}, "modelos_com_payload"),
        ("twilio", {**_TWILIO, "modelos_com_payload": "HX1"}, {"auth_token": "t"}, "modelos_com_payload"),
        ("twilio", {**_TWILIO, "taxa_por_minuto": 0}, {"auth_token": "t"}, "taxa_por_minuto"),
        ("twilio", {**_TWILIO, "max_paginas": True}, {"auth_token": "t"}, "max_paginas"),
        ("twilio", {**_TWILIO, "from": "+55"}, {"auth_token": "t"}, "desconhecida: from"),
        (
            "twilio_sms",
            {**_TWILIO, "remetente": "Hospital das Clinicas"},
            {"auth_token": "t"},
            "remetente: .*11 letras",
        ),
        (
            "twilio_sms",
            {**_TWILIO, "modelos_com_payload": []},
            {"auth_token": "t"},
            "desconhecida: modelos_com_payload",
        ),
        ("evolution", {"base_url": "https://e.test", "instancia": "x"}, {}, "api_key"),
        ("evolution", {"base_url": "https://e.test", "instancia": "x"}, {"api_key": "ké"}, "api_key"),
        ("evolution", {"instancia": "x"}, {"api_key": "k"}, "base_url"),
        ("evolution", {"base_url": "e.test", "instancia": "x"}, {"api_key": "k"}, "base_url"),
        ("evolution", {"base_url": "https://e.test"}, {"api_key": "k"}, "instancia"),
        ("evolution", {"base_url": "https://e.test", "instancia": 7}, {"api_key": "k"}, "instancia"),
        ("evolution", {"base_url": "https://e.test", "instancia": "x", "botoes": "sim"}, {"api_key": "k"}, "botoes"),
        (
            "evolution",
            {"base_url": "https://e.test", "instancia": "x", "digitando_ms": 9000},
            {"api_key": "k"},
            "digitando_ms",
        ),
        (
            "evolution",
            {"base_url": "https://e.test", "instancia": "x", "taxa_por_minuto": 0},
            {"api_key": "k"},
            "taxa_por_minuto",
        ),
        (
            "evolution",
            {"base_url": "https://e.test", "instancia": "x", "instance": "y"},
            {"api_key": "k"},
            "desconhecida: instance",
        ),
    ],
)
def test_a_wrong_channel_says_which_key(
    http: HttpClient,
    clock: Any,
    *,
    kind: str,
    config: Mapping[str, object],
    credentials: Mapping[str, str],
    says: str,
) -> None:
    with pytest.raises(ValueError, match=says):
        build_provider(kind, Setup(config, credentials, http, clock))


@pytest.mark.parametrize(
    ("config", "port"),
    [
        (MAIL, 587),
        (MAIL | {"tls": "tls"}, 465),
        (MAIL | {"tls": "nenhum", "servidor": "localhost"}, 25),
        (MAIL | {"tls": "nenhum", "servidor": "::1", "porta": "2525"}, 2525),
    ],
)
def test_the_usual_port_of_an_email_server(config: Mapping[str, object], port: int) -> None:
    assert EmailConfig.from_mapping(config).port == port


def test_a_whole_configuration() -> None:
    config = BotconversaConfig.from_mapping(
        {
            "base_url": "https://gateway.test/api/",
            "modo": "oficial",
            "flow_id": "987654",
            "tag": " confirmacao ",
            "campanha": "",
            "campos": {"id_tabela": "id_tabela"},
        }
    )
    assert (config.base_url, config.modo, config.flow_id) == ("https://gateway.test/api", Modo.OFICIAL, 987654)
    assert (config.tag, config.campanha, config.taxa_por_minuto) == ("confirmacao", None, 600)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("999999", 3600.0),
        ("Mon, 02 Mar 2026 13:01:30 GMT", 90.0),
        ("Mon, 02 Mar 2026 12:00:00 GMT", 0.0),
        ("-5", DEFAULT_RETRY_AFTER),
        ("nan", DEFAULT_RETRY_AFTER),
        ("logo", DEFAULT_RETRY_AFTER),
        ("", DEFAULT_RETRY_AFTER),
    ],
)
def test_retry_after(header: str, seconds: float) -> None:
    assert retry_after(Answered(429, {"Retry-After": header}), NOW) == seconds


@pytest.mark.parametrize(
    ("status", "repeatable", "expected"),
    [
        (429, True, Throttled),
        (401, True, Misconfigured),
        (403, False, Misconfigured),
        (302, False, Misconfigured),
        (400, True, Rejected),
        (422, False, Rejected),
        (503, True, Unavailable),
        (503, False, Ambiguous),
    ],
)
def test_error_from(status: int, *, repeatable: bool, expected: type[ProviderError]) -> None:
    assert type(error_from(Answered(status), repeatable=repeatable)) is expected
