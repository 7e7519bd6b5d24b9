"""Who may call in Twilio's name: the vectors of its own library, and everything that must not pass."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from time import process_time
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.providers.base import WebhookCall
from app.providers.twilio.signature import is_authentic, is_signed
from app.simulator.twilio import Inbound, sign

TOKEN_B: Final = "0123456789abcdef0123456789abcdef"
URL_B: Final = "https://confirma.exemplo.org.br/webhooks/twilio/inbound"
SHA256: Final = {"x-twilio-webhooks-signature-settings": "key=webhooks_1,algorithm=HMAC_SHA256"}
BODY_A: Final = b"CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212"
BODY_B: Final = (
    b"AccountSid=AC00000000000000000000000000000000&ApiVersion=2010-04-01&Body=Confirmar"
    b"&ButtonPayload=confirm%3A51177197&ButtonText=Confirmar&From=whatsapp%3A%2B5531987654321"
    b"&MessageSid=SM11111111111111111111111111111111&MessageType=button&NumMedia=0&NumSegments=1"
    b"&OriginalRepliedMessageSid=MM22222222222222222222222222222222&ProfileName=Jos%C3%A9+da+Silva"
    b"&SmsMessageSid=SM11111111111111111111111111111111&SmsSid=SM11111111111111111111111111111111"
    b"&SmsStatus=received&To=whatsapp%3A%2B553130000000&WaId=553187654321"
)


def call(url: str, body: bytes, signature: str | None, headers: Mapping[str, str] | None = None) -> WebhookCall:
    signed = {} if signature is None else {"x-twilio-signature": signature}
    return WebhookCall(body, {**signed, **(headers or {})}, url)


A = call("https://mycompany.com/myapp.php?foo=1&bar=2", BODY_A, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")
A256 = call(A.url, BODY_A, "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s=", SHA256)
B = call(URL_B, BODY_B, "szOLAqRuDQhZtLe32ewOO18EiIU=")
C = call(
    "https://confirma.exemplo.org.br/webhooks/twilio/json"
    "?bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862",
    b'{"a":1}',
    "S+0GBb4T9ChMMJbl9bYvOBUFBig=",
)
D = call(URL_B, b"x=b&x=a&x=a", "OtAA+rszH1N/SSAwHXW1uczwKuo=")
VECTORS = [
    pytest.param(A, "12345", id="A"),
    pytest.param(A256, "12345", id="A with SHA256"),
    pytest.param(B, TOKEN_B, id="B"),
    pytest.param(C, TOKEN_B, id="C"),
    pytest.param(D, TOKEN_B, id="D"),
    pytest.param(replace(D, body=b"x=a&x=b"), TOKEN_B, id="D in another order, once each"),
]


@pytest.mark.parametrize(("vector", "token"), VECTORS)
def test_the_vectors(vector: WebhookCall, token: str) -> None:
    assert is_signed(vector, [token])
    assert is_signed(vector, ["antigo", token])  # two are valid while one replaces the other
    assert not is_signed(vector, ["antigo"])
    assert not is_signed(vector, [])
    assert not is_signed(vector, [""])


@pytest.mark.parametrize(("vector", "token"), VECTORS)
def test_what_is_altered_does_not_pass(vector: WebhookCall, token: str) -> None:
    told = vector.headers["x-twilio-signature"]
    altered = [
        replace(vector, body=vector.body + b"&y=1"),
        replace(vector, body=b""),
        replace(vector, url=vector.url.replace("https", "http")),
        replace(vector, url=vector.url + "/"),
        replace(vector, headers={}),
        replace(vector, headers={**vector.headers, "x-twilio-signature": ""}),
        replace(vector, headers={**vector.headers, "x-twilio-signature": told.lower()}),
        replace(vector, headers={**vector.headers, "x-twilio-signature": "açúcar"}),
    ]
    assert [changed for changed in altered if is_signed(changed, [token])] == []


@pytest.mark.parametrize(
    "url",
    [
        "https://mycompany.com:443/myapp.php?foo=1&bar=2",
        "https://mycompany.com:8443/myapp.php?foo=1&bar=2",
        "https://mycompany.com/myapp.php?foo=1&bar=2#rc=2&rp=all",
    ],
)
def test_a_port_and_a_fragment_do_not_matter(url: str) -> None:
    assert is_signed(replace(A, url=url), ["12345"])


@pytest.mark.parametrize(
    ("signed", "called"),
    [
        ("https://h.test:443/w?a=1", "https://h.test/w?a=1"),
        ("http://h.test:80/w", "http://h.test/w"),
        ("https://h.test:8443/w", "https://h.test:8443/w"),
        ("https://h.test:443", "https://h.test"),
        ("https://h.test:443?a=1", "https://h.test?a=1"),
    ],
)
def test_twilio_may_have_named_the_port(signed: str, called: str) -> None:
    signature = sign("t", signed, [("Body", "1")])
    assert is_signed(call(called, b"Body=1", signature), ["t"])


def test_another_port_is_another_address() -> None:
    signature = sign("t", "https://h.test:8443/w", [("Body", "1")])
    assert not is_signed(call("https://h.test/w", b"Body=1", signature), ["t"])


def test_blank_values_are_signed() -> None:
    signature = sign("t", URL_B, [("Body", ""), ("NumMedia", "0")])
    assert is_signed(call(URL_B, b"Body=&NumMedia=0", signature), ["t"])
    assert not is_signed(call(URL_B, b"NumMedia=0", signature.swapcase()), ["t"])


def test_an_empty_secret_lets_nobody_in() -> None:
    assert not is_signed(call(URL_B, b"Body=1", sign("", URL_B, [("Body", "1")])), ["", TOKEN_B])


def test_names_go_by_byte() -> None:
    signature = sign("t", URL_B, [("a", "1"), ("B", "2"), ("é", "3")])
    assert is_signed(call(URL_B, b"a=1&B=2&%C3%A9=3", signature), ["t"])


@pytest.mark.parametrize(
    ("settings_header", "passes"),
    [
        ("key=k,algorithm=HMAC_SHA256", True),
        ("algorithm = hmac_sha256 , key=k", True),
        ("key=k,algorithm=HMAC_SHA1", False),
        ("key=k,algorithm=HMAC_MD5", False),
        ("key=k,algorithm=none", False),
        ("key=k", False),
        (",,=", False),
    ],
)
def test_only_the_algorithm_that_is_named(settings_header: str, *, passes: bool) -> None:
    headers = {**A256.headers, "x-twilio-webhooks-signature-settings": settings_header}
    assert is_signed(replace(A256, headers=headers), ["12345"]) is passes


def test_the_old_scheme_does_not_take_the_new_signature() -> None:
    assert not is_signed(call(A.url, BODY_A, A256.headers["x-twilio-signature"]), ["12345"])
    assert is_signed(replace(A, headers={**A.headers, "x-twilio-webhooks-signature-settings": ""}), ["12345"])


def test_the_hash_in_the_address_must_be_the_bodys() -> None:
    assert not is_signed(replace(C, body=b'{"a":2}'), [TOKEN_B])
    other = "https://h.test/w?bodySHA256=" + hashlib.sha256(b"outro").hexdigest()
    assert not is_signed(call(other, b'{"a":1}', sign("t", other)), ["t"])


def test_what_the_simulator_makes() -> None:
    inbound = Inbound(URL_B, TOKEN_B)
    for aviso in (inbound.text("1"), inbound.json(b'[{"a":1}]')):
        headers = {name.lower(): value for name, value in aviso.headers.items()}
        assert is_signed(WebhookCall(aviso.body, headers, aviso.url or ""), [TOKEN_B])
    forged = inbound.forged("1")
    headers = {name.lower(): value for name, value in forged.headers.items()}
    assert not is_signed(WebhookCall(forged.body, headers, URL_B), [TOKEN_B])


def test_a_stranger_without_a_signature_costs_nothing() -> None:
    started = process_time()
    assert not is_signed(call(URL_B, b"&a=1" * 700_000, None), [TOKEN_B])
    assert process_time() - started < 0.05


@pytest.mark.parametrize(
    ("fields", "passes"),
    [
        pytest.param([(f"Field{n}", "1") for n in range(200)], True, id="as many as there may be"),
        pytest.param([(f"Field{n}", "1") for n in range(201)], False, id="one more"),
        pytest.param([("Body", "x" * 60_000)], True, id="long"),
        pytest.param([("Body", "x" * 262_144)], False, id="longer than any form of Twilio's"),
    ],
)
def test_no_form_is_larger_than_twilio_makes_them(fields: list[tuple[str, str]], *, passes: bool) -> None:
    made = call(URL_B, urlencode(fields).encode(), sign("t", URL_B, fields))
    assert is_signed(made, ["t"]) is passes


ACCOUNT: Final = "AC" + "0" * 32


def test_a_signed_call_is_about_this_account() -> None:
    assert is_authentic(B, [TOKEN_B], account_sid=ACCOUNT)
    assert is_authentic(C, [TOKEN_B], account_sid=ACCOUNT), "a JSON's hash stands in the address"
    assert not is_authentic(B, ["outro"], account_sid=ACCOUNT)
    assert not is_authentic(B, [TOKEN_B], account_sid="AC" + "1" * 32)


def test_the_start_of_a_form_moved_into_the_address_proves_nothing() -> None:
    """The signature is over both without anything between them, so it still holds."""
    fields = [("AccountSid", ACCOUNT), ("Body", "1"), ("From", "whatsapp:+5531987654321")]
    signature = sign("t", f"{URL_B}?k=m1", fields)
    moved = [
        call(f"{URL_B}?k=m1AccountSid{ACCOUNT}", urlencode(fields[1:]).encode(), signature),
        call(f"{URL_B}?k=m1AccountSid{ACCOUNT}Body1", urlencode(fields[2:]).encode(), signature),
    ]
    assert [is_signed(one, ["t"]) for one in moved] == [True, True]
    assert [is_authentic(one, ["t"], account_sid=ACCOUNT) for one in moved] == [False, False]


def test_a_hash_that_a_patient_wrote_does_not_prove_a_form() -> None:
    body = b"AccountSid=" + ACCOUNT.encode() + b"&Body=0"
    url = f"{URL_B}?k=m1Body&bodySHA256={hashlib.sha256(body).hexdigest()}"
    assert not is_authentic(call(url, body, sign("t", url)), ["t"], account_sid=ACCOUNT)


@settings(deadline=None)
@given(
    body=st.binary(max_size=64),
    url=st.text(max_size=40) | st.just("https://h.test:99999999/w?bodySHA256=%ff"),
    headers=st.dictionaries(
        st.sampled_from(["x-twilio-signature", "x-twilio-webhooks-signature-settings"]), st.text(max_size=30)
    ),
    secret=st.text(max_size=8),
)
def test_no_call_of_a_stranger_breaks_it(body: bytes, url: str, headers: dict[str, Any], secret: str) -> None:
    assert not is_signed(WebhookCall(body, headers, url), [secret])
