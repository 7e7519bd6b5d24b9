"""Personal values at rest: they open with their key, in their column, and are found again by hospital only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.crypto import Keyring, UndecipherableError, digest, keyring, plain_words

VELHA, NOVA = b"v" * 32, b"n" * 32
SEGREDO = b"indice" * 6


def ring(**keys: bytes) -> Keyring:
    return Keyring(keys or {"v": VELHA}, index_secret=SEGREDO)


@given(st.text())
def test_what_goes_in_comes_out(texto: str) -> None:
    assert ring().decrypt(ring().encrypt(texto, "pacientes.nome", 1), "pacientes.nome", 1) == texto


def test_the_same_value_is_stored_differently_each_time() -> None:
    assert ring().encrypt("Maria", "c", 1) != ring().encrypt("Maria", "c", 1)


def test_the_stored_form_shows_nothing_of_the_value() -> None:
    assert b"Maria" not in ring().encrypt("Maria", "c", 1)


def test_a_value_copied_into_another_column_does_not_open() -> None:
    with pytest.raises(UndecipherableError):
        ring().decrypt(ring().encrypt("Maria", "pacientes.nome", 1), "atendimentos.email", 1)


def test_a_value_copied_to_another_hospital_does_not_open() -> None:
    with pytest.raises(UndecipherableError):
        ring().decrypt(ring().encrypt("Maria", "pacientes.nome", 1), "pacientes.nome", 2)


@pytest.mark.parametrize("position", [0, 1, 2, 3, 10, 20, -1])
def test_a_byte_changed_anywhere_does_not_open(position: int) -> None:
    stored = bytearray(ring().encrypt("Maria", "c", 1))
    stored[position] ^= 1
    with pytest.raises(UndecipherableError):
        ring().decrypt(bytes(stored), "c", 1)


@pytest.mark.parametrize("stored", [b"", b"\x01", b"\x01\x01", b"\x01\xff", b"\x03abc", b"\x02\x01v" + b"0" * 11])
def test_what_is_no_stored_value_is_refused_by_name(stored: bytes) -> None:
    with pytest.raises(UndecipherableError):
        ring().decrypt(stored, "c", 1)


def test_after_a_new_key_the_old_values_open_and_new_ones_need_it() -> None:
    old = ring(v=VELHA).encrypt("Maria", "c", 1)
    both = ring(n=NOVA, v=VELHA)
    assert both.decrypt(old, "c", 1) == "Maria"
    new = both.encrypt("João", "c", 1)
    assert ring(n=NOVA).decrypt(new, "c", 1) == "João"
    with pytest.raises(UndecipherableError):
        ring(v=VELHA).decrypt(new, "c", 1)


def test_the_right_id_with_the_wrong_key_does_not_open() -> None:
    with pytest.raises(UndecipherableError):
        ring(v=NOVA).decrypt(ring(v=VELHA).encrypt("Maria", "c", 1), "c", 1)


def test_without_a_key_nothing_starts() -> None:
    with pytest.raises(ValueError, match="key"):
        Keyring({}, index_secret=SEGREDO)


def test_the_same_phone_is_found_in_its_own_hospital_only() -> None:
    um, outro = ring().finder(1), ring().finder(2)
    assert um.of("telefone", "+5527998123456") == ring().finder(1).of("telefone", "+5527998123456")
    assert um.of("telefone", "+5527998123456") != outro.of("telefone", "+5527998123456")


def test_a_phone_and_a_word_of_the_same_letters_are_apart() -> None:
    assert ring().finder(1).of("telefone", "1234") != ring().finder(1).of("final4", "1234")


def test_the_hashes_survive_a_new_encryption_key_and_not_a_new_secret() -> None:
    phone = ("telefone", "+5527998123456")
    assert ring(v=VELHA).finder(1).of(*phone) == ring(n=NOVA).finder(1).of(*phone)
    assert ring().finder(1).of(*phone) != Keyring({"v": VELHA}, index_secret=b"x" * 36).finder(1).of(*phone)


def test_a_name_is_found_by_its_words_without_case_accents_or_repetition() -> None:
    assert plain_words("JOSÉ da Conceição José") == ("jose", "da", "conceicao")
    finder = ring().finder(1)
    assert finder.words("José") == finder.words("jose")


def test_fingerprints_tell_a_missing_part_from_a_moved_one() -> None:
    assert digest(["a", None]) != digest([None, "a"])
    assert digest(["ab", "c"]) != digest(["a", "bc"])
    assert digest(["a", 1]) == digest(["a", "1"])


def test_a_half_character_written_by_a_patient_is_kept() -> None:
    assert ring().decrypt(ring().encrypt("\ud800", "c", 1), "c", 1) == "\ud800"


def test_reading_before_the_program_started_is_refused() -> None:
    from app import crypto  # noqa: PLC0415  its state is what this is about

    kept = list(crypto._installed)
    crypto._installed.clear()
    try:
        with pytest.raises(RuntimeError):
            keyring()
    finally:
        crypto._installed.extend(kept)
