import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.telefone import (
    Telefone,
    TelefoneRecusado,
    TipoTelefone,
    chave_telefone,
    mask_telefone,
    parse_telefone,
)

CELULAR = TipoTelefone.CELULAR
FIXO = TipoTelefone.FIXO


@pytest.mark.parametrize(
    ("texto", "e164"),
    [
        pytest.param("11987654321", "+5511987654321", id="digits"),
        pytest.param("(11) 98765-4321", "+5511987654321", id="as people write it"),
        pytest.param("11.98765.4321", "+5511987654321", id="dots"),
        pytest.param("5511987654321", "+5511987654321", id="country code"),
        pytest.param("+55 11 98765-4321", "+5511987654321", id="plus and country code"),
        pytest.param("0055 11 98765-4321", "+5511987654321", id="double zero and country code"),
        pytest.param("011 98765-4321", "+5511987654321", id="trunk zero"),
        pytest.param("0 21 11 98765-4321", "+5511987654321", id="carrier"),
        pytest.param("0xx11 98765-4321", "+5511987654321", id="carrier left open"),
        pytest.param("+55 (0)11 98765-4321", "+5511987654321", id="zero after the country code"),
        pytest.param("+55 015 11 98765-4321", "+5511987654321", id="country code and carrier"),
        pytest.param("+11 98765-4321", "+5511987654321", id="a stray plus before the DDD"),
        pytest.param("55 99999-1234", "+5555999991234", id="DDD 55 without country code"),
        pytest.param("5555999991234", "+5555999991234", id="DDD 55 with country code"),
        pytest.param("0 55 99999-1234", "+5555999991234", id="DDD 55 with trunk zero"),
        pytest.param("0 15 55 99999-1234", "+5555999991234", id="DDD 55 with carrier"),
        pytest.param("11987654321.0", "+5511987654321", id="a number column saved as text"),
        pytest.param("１１ ９８７６５-４３２１", "+5511987654321", id="full-width digits"),
        pytest.param("cel: 11 98765-4321 (recado com a filha)", "+5511987654321", id="words around"),
        pytest.param("5511999999999", "+5511999999999", id="nines behind a DDD are formally a number"),
    ],
)
def test_mobile_is_read(texto: str, e164: str) -> None:
    assert parse_telefone(texto) == Telefone(e164, CELULAR)


@pytest.mark.parametrize(
    ("texto", "e164"),
    [
        ("31 8765-4321", "+5531987654321"),
        ("553187654321", "+5531987654321"),
        ("55 9999-1234", "+5555999991234"),
        ("555599991234", "+5555999991234"),
        ("(85) 6789-0123", "+5585967890123"),
        ("11 7654-3210", "+5511976543210"),
    ],
)
def test_ninth_digit_is_added_to_old_mobile(texto: str, e164: str) -> None:
    assert parse_telefone(texto) == Telefone(e164, CELULAR, ajustado=True)


@pytest.mark.parametrize("texto", ["11 3333-4444", "551133334444", "0 11 3333-4444", "11 3333-4444 ramal 23"])
def test_landline_is_recognised(texto: str) -> None:
    assert parse_telefone(texto) == Telefone("+551133334444", FIXO)


@pytest.mark.parametrize("texto", ["+351 912 345 678", "00351912345678"])
def test_foreign_number_is_recognised(texto: str) -> None:
    assert parse_telefone(texto) == Telefone("+351912345678", TipoTelefone.ESTRANGEIRO)


@pytest.mark.parametrize(
    ("texto", "e164"),
    [
        pytest.param("11 99999-1234 / 11 3333-4444", "+5511999991234", id="mobile first"),
        pytest.param("11 3333-4444 / 11 99999-1234", "+5511999991234", id="mobile second"),
        pytest.param("11 3333-4444 ou 21 3333-5555", "+551133334444", id="no mobile: the first"),
        pytest.param("123 / 11 3333-4444", "+551133334444", id="rubbish first"),
        pytest.param("(11) 3333-4444/4445", "+551133334444", id="a second ending"),
        pytest.param("11 3333-4444 11 99999-1234", "+5511999991234", id="no separator"),
        pytest.param("+551133334444+5511999991234", "+5511999991234", id="plus signs alone"),
        pytest.param("11 3333-4444\n11 99999-1234", "+5511999991234", id="two lines"),
    ],
)
def test_of_several_numbers_the_first_mobile_wins(texto: str, e164: str) -> None:
    lido = parse_telefone(texto)
    assert isinstance(lido, Telefone)
    assert lido.e164 == e164


@pytest.mark.parametrize(
    ("texto", "motivo"),
    [
        (None, "vazio"),
        ("", "vazio"),
        ("   ", "vazio"),
        ("não tem", "texto"),
        ("---", "texto"),
        ("123", "curto"),
        ("98765-4321", "curto"),
        ("3333-4444", "curto"),
        ("99999999999", "repetido"),
        ("00000000000", "repetido"),
        ("+55 11 1111-11111", "repetido"),
        ("1" * 40, "repetido"),
        ("(20) 98765-4321", "ddd_inexistente"),
        ("0800 123 4567", "ddd_inexistente"),
        ("11 18765-4321", "invalido"),
        ("11 1333-4444", "invalido"),
        ("11 48765-4321", "invalido"),
        ("1198765432100", "longo"),
        ("123456789012345678901234567890", "longo"),
        ("1.19876E+10", "invalido"),
    ],
)
def test_rubbish_is_refused_with_the_reason(texto: str | None, motivo: str) -> None:
    lido = parse_telefone(texto)
    assert isinstance(lido, TelefoneRecusado)
    assert lido.motivo == motivo
    assert lido.mensagem.endswith(".")


@given(st.text(max_size=60) | st.text("0123456789+()-/. e", max_size=40))
@settings(deadline=None)
def test_whatever_is_typed_gets_an_answer_without_the_number(texto: str) -> None:
    lido = parse_telefone(texto)
    if isinstance(lido, TelefoneRecusado):
        assert not any(char.isdigit() for char in lido.mensagem)
    else:
        assert phonenumbers.is_valid_number(phonenumbers.parse(lido.e164))


@given(
    ddd=st.integers(10, 99),
    numero=st.from_regex(r"[0-9]{8,9}", fullmatch=True),
    prefixo=st.sampled_from(["", "55", "+55 ", "0", "(0) ", "0 21 "]),
)
@settings(deadline=None, max_examples=500)
def test_our_rules_agree_with_phonenumbers(ddd: int, numero: str, prefixo: str) -> None:
    nacional = f"{ddd}{numero}"
    lido = parse_telefone(prefixo + nacional)
    biblioteca = phonenumbers.parse(f"+55{nacional}")
    if len(set(nacional)) == 1:
        assert isinstance(lido, TelefoneRecusado)
    elif phonenumbers.is_valid_number(biblioteca) and phonenumbers.number_type(biblioteca) in (
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE,
    ):
        assert isinstance(lido, Telefone)
        tipo = {CELULAR: phonenumbers.PhoneNumberType.MOBILE, FIXO: phonenumbers.PhoneNumberType.FIXED_LINE}[lido.tipo]
        assert phonenumbers.number_type(biblioteca) == tipo
        assert lido.ajustado or lido.e164 == f"+55{nacional}"
    else:
        assert isinstance(lido, TelefoneRecusado) or lido.ajustado


@given(
    ddd=st.sampled_from([11, 21, 27, 31, 55, 61, 85, 99]),
    primeiro=st.sampled_from("6789"),
    resto=st.from_regex(r"[0-9]{7}", fullmatch=True),
)
@settings(deadline=None)
def test_number_we_dial_and_number_whatsapp_returns_have_one_key(ddd: int, primeiro: str, resto: str) -> None:
    lido = parse_telefone(f"{ddd}{primeiro}{resto}")
    if isinstance(lido, Telefone):
        assert chave_telefone(lido.e164) == chave_telefone(f"55{ddd}{primeiro}{resto}") == f"{ddd}{primeiro}{resto}"


@pytest.mark.parametrize(
    ("enviado", "devolvido"),
    [
        ("5531987654321", "553187654321"),
        ("5511987654321", "5511987654321"),
        ("5521999998888", "5521999998888"),
        ("5528999991234", "5528999991234"),
        ("5531965432109", "5531965432109"),
        ("5561981234567", "556181234567"),
        ("5585982345678", "558582345678"),
        ("31 98765-4321", "+553187654321"),
        ("(55) 99999-1234", "555599991234"),
        ("011 98765-4321", "5511987654321"),
    ],
)
def test_key_survives_what_whatsapp_does_to_the_ninth_digit(enviado: str, devolvido: str) -> None:
    assert chave_telefone(enviado) == chave_telefone(devolvido)


@pytest.mark.parametrize(
    ("um", "outro"),
    [
        pytest.param("5531933334444", "553133334444", id="a 9 3xxx mobile is not the landline"),
        pytest.param("5531987654321", "5511987654321", id="another DDD"),
    ],
)
def test_key_keeps_different_lines_apart(um: str, outro: str) -> None:
    assert chave_telefone(um) != chave_telefone(outro)


@pytest.mark.parametrize(
    ("texto", "mascarado"), [("+5511987654321", "***4321"), ("12345", "***"), ("", "***"), ("1" * 20, "***")]
)
def test_mask_shows_the_last_four_digits_at_most(texto: str, mascarado: str) -> None:
    assert mask_telefone(texto) == mascarado
