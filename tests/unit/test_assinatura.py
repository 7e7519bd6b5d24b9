"""Who may call a webhook: every way a channel can be told from a stranger."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from app.providers.assinatura import is_authentic

SEGREDO, OUTRO = "segredo-do-hospital-0123456789", "segredo-novo-9876543210"
CORPO = '{"telefone": "27998123456", "resposta": "não"}'.encode()
AGORA = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)


def hexed(segredo: str = SEGREDO, corpo: bytes = CORPO) -> str:
    return hmac.new(segredo.encode(), corpo, hashlib.sha256).hexdigest()


def standard(key: bytes, *, when: datetime = AGORA, ident: str = "msg_1", corpo: bytes = CORPO) -> dict[str, str]:
    stamp = str(int(when.timestamp()))
    signed = hmac.new(key, f"{ident}.{stamp}.".encode() + corpo, hashlib.sha256).digest()
    return {
        "webhook-id": ident,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
    }


def ask(headers: dict[str, str], *, corpo: bytes = CORPO, segredos: tuple[str, ...] = (SEGREDO,)) -> bool:
    return is_authentic(headers, corpo, segredos, signature_header="X-Webhook-Signature", now=AGORA)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"x-webhook-secret": SEGREDO}, id="the secret itself"),
        pytest.param({"x-webhook-signature": hexed()}, id="HMAC"),
        pytest.param({"x-webhook-signature": f"sha256={hexed()}"}, id="HMAC with sha256="),
        pytest.param({"x-webhook-signature": hexed().upper()}, id="HMAC in capitals"),
        pytest.param(standard(SEGREDO.encode()), id="Standard Webhooks"),
        pytest.param(standard(SEGREDO.encode(), when=AGORA - timedelta(minutes=4)), id="four minutes ago"),
    ],
)
def test_a_call_that_proves_itself(headers: dict[str, str]) -> None:
    assert ask(headers)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"x-webhook-secret": ""}, id="an empty secret"),
        pytest.param({"x-webhook-secret": SEGREDO + " "}, id="nearly the secret"),
        pytest.param({"x-webhook-secret": hexed()}, id="the signature in the wrong header"),
        pytest.param({"x-webhook-signature": SEGREDO}, id="the secret in the wrong header"),
        pytest.param({"x-webhook-signature": hexed("outro")}, id="signed by somebody else"),
        pytest.param({"x-webhook-signature": hexed(corpo=CORPO + b" ")}, id="another body"),
        pytest.param({"x-webhook-signature": "sha256="}, id="only a prefix"),
        pytest.param({"x-webhook-signature": "é" * 64}, id="not ASCII"),
        pytest.param({"x-webhook-secret": "ção"}, id="a secret that is not ASCII"),
        pytest.param(standard(b"outro"), id="Standard Webhooks of somebody else"),
        pytest.param(standard(SEGREDO.encode(), when=AGORA - timedelta(minutes=6)), id="six minutes old"),
        pytest.param(standard(SEGREDO.encode(), when=AGORA + timedelta(minutes=6)), id="from the future"),
        pytest.param({**standard(SEGREDO.encode()), "webhook-id": "msg_2"}, id="another message's signature"),
        pytest.param({**standard(SEGREDO.encode()), "webhook-timestamp": "agora"}, id="no time"),
        pytest.param({**standard(SEGREDO.encode()), "webhook-timestamp": "9" * 400}, id="an endless time"),
        pytest.param({**standard(SEGREDO.encode()), "webhook-signature": "v2,abc"}, id="an unknown version"),
    ],
)
def test_a_stranger(headers: dict[str, str]) -> None:
    assert not ask(headers)


def test_while_a_secret_is_replaced_both_are_good() -> None:
    for segredo in (SEGREDO, OUTRO):
        assert ask({"x-webhook-signature": hexed(segredo)}, segredos=(SEGREDO, OUTRO))
    assert not ask({"x-webhook-signature": hexed(SEGREDO)}, segredos=(OUTRO,))


def test_a_standard_secret_is_base64_behind_its_prefix() -> None:
    key = b"bytes-nao-texto\x00\xff" * 2
    segredo = "whsec_" + base64.b64encode(key).decode()
    assert ask(standard(key), segredos=(segredo,))


def test_several_signatures_of_one_call_one_good_is_enough() -> None:
    headers = standard(SEGREDO.encode())
    headers["webhook-signature"] = "v1,AAAA " + headers["webhook-signature"]
    assert ask(headers)


def test_without_any_secret_nobody_is_authentic() -> None:
    assert not ask({"x-webhook-secret": ""}, segredos=())


def test_an_empty_secret_opens_nothing() -> None:
    assert not ask({"x-webhook-secret": ""}, segredos=("",))
    assert not ask({"x-webhook-signature": hexed("")}, segredos=("",))
