import base64
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.config import Environment, Settings, SettingsError, load_settings
from app.local_secrets import LocalSecretsError, load_or_create_secrets, parse_encryption_keys

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(range(32, 64))).decode()
GUARDED = {
    "DATABASE_URL": "postgresql://confirma_app:pw@db/confirma",
    "SECRET_KEY": "q7Zr2mXv9Lk4Tn8Wb1Yc5Hd3Jf6Gs0Pa",
    "BOTCONVERSA_WEBHOOK_SECRET": "v3Nk8Rt1Qw6Zy4Xc9Bm2Lp7Hs5Dg0Jf_",
    "ENCRYPTION_KEYS": f"k1:{KEY}",
}


def load(**environ: str) -> Settings:
    return load_settings(environ, env_file=None)


def refusal(**environ: str) -> str:
    with pytest.raises(SettingsError) as refused:
        load(**environ)
    return str(refused.value)


def test_nothing_set_is_a_development_machine() -> None:
    settings = load()
    assert settings == Settings()
    assert settings.environment is Environment.DEV
    assert settings.database.is_embedded
    assert settings.needs_local_secrets


def test_an_empty_value_counts_as_absent() -> None:
    assert load(PORT="", DATABASE_URL="  ", LOG_LEVEL="") == Settings()


def test_values_are_read_into_their_groups() -> None:
    settings = load(PORT="8080", CHUNK_SIZE="50", TRUSTED_PROXIES="10.0.0.1, 192.168.0.0/24", HOSPITAL_STATE="mg")
    assert settings.server.port == 8080
    assert settings.worker.chunk_size == 50
    assert settings.server.trusted_proxies == ("10.0.0.1", "192.168.0.0/24")
    assert settings.hospital.state == "MG"
    assert settings.server.base_url == "http://127.0.0.1:8080"


def test_the_process_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text('PORT=1111\nHOSPITAL_NAME="Santa Casa de Águas"\n', encoding="utf-8")
    settings = load_settings({"PORT": "2222"}, env_file=file)
    assert (settings.server.port, settings.hospital.name) == (2222, "Santa Casa de Águas")


def test_a_file_in_another_encoding_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes("HOSPITAL_NAME=São José".encode("latin-1"))
    with pytest.raises(SettingsError, match="UTF-8"):
        load_settings({}, env_file=file)


@pytest.mark.parametrize(
    "written",
    [
        "postgres://u:p@h/d",
        "postgresql://u:p@h/d",
        "postgresql+psycopg://u:p@h/d",
        "POSTGRESQL+asyncpg://u:p@h/d",
    ],
)
def test_every_spelling_of_postgresql_becomes_one(written: str) -> None:
    url = load(DATABASE_URL=written).database.url
    assert url is not None
    assert url.get_secret_value() == "postgresql+asyncpg://u:p@h/d"


def test_libpq_option_gets_the_name_of_our_driver() -> None:
    url = load(DATABASE_URL="postgres://u:p@h/d?sslmode=verify-full").database.url
    assert url is not None
    assert url.get_secret_value().endswith("/d?ssl=verify-full")


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("mysql://u:hush@h/d", "MySQL"),
        ("oracle+oracledb://u:hush@h/d", "Oracle"),
        ("sqlite:///hush.db", "SQLite"),
    ],
)
def test_the_hospital_database_is_told_from_ours(url: str, named: str) -> None:
    text = refusal(DATABASE_URL=url)
    assert "DATABASE_URL" in text
    assert named in text
    assert "banco do hospital" in text
    assert "hush" not in text


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PORT", "abc", "PORT deve ser um número inteiro."),
        ("PORT", "70000", "PORT deve ser no máximo 65535."),
        ("DEBUG", "talvez", "DEBUG deve ser true ou false."),
        ("ENVIRONMENT", "producao", "ENVIRONMENT deve ser um destes valores: dev, staging, prod."),
        ("CHUNK_SIZE", "501", "CHUNK_SIZE deve ser no máximo 500."),
        ("DATABASE_URL", "localhost", "DATABASE_URL deve ser o endereço de um PostgreSQL"),
        ("TRUSTED_PROXIES", "proxy.local", "TRUSTED_PROXIES deve listar endereços IP"),
        ("STAGING_ALLOWED_PHONES", "31 90000", "STAGING_ALLOWED_PHONES deve listar telefones"),
        ("HOSPITAL_STATE", "XX", "HOSPITAL_STATE deve ser a sigla de um estado"),
        ("N8N_BASE_URL", "n8n.local", "N8N_BASE_URL deve ser um endereço http:// ou https://"),
        ("WEBHOOK_SIGNATURE_HEADER", "X Assinatura", "WEBHOOK_SIGNATURE_HEADER deve ser o nome de um cabeçalho"),
        ("LOG_ROTATION", "grande", "LOG_ROTATION deve ser um tamanho"),
        ("ENCRYPTION_KEYS", "k1", "ENCRYPTION_KEYS deve ter a forma id:base64"),
        ("ENCRYPTION_KEYS", "k1:AAAA", "não tem exatamente 32 bytes"),
        ("SCHEDULER_START_HOUR", "21", "SCHEDULER_END_HOUR deve ser maior que SCHEDULER_START_HOUR."),
    ],
)
def test_a_wrong_value_is_answered_in_one_sentence(name: str, value: str, expected: str) -> None:
    assert expected in refusal(**{name: value})


def test_all_mistakes_are_told_at_once() -> None:
    assert len(refusal(PORT="x", DEBUG="x", SMTP_URL="x", REDIS_URL="x").splitlines()) == 4


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_guarded_environments_start_with_everything_in_place(environment: str) -> None:
    settings = load(ENVIRONMENT=environment, **GUARDED)
    assert settings.is_guarded
    assert not settings.needs_local_secrets


@pytest.mark.parametrize("environment", ["staging", "prod"])
@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({"DATABASE_URL": ""}, "DATABASE_URL é obrigatória", id="embedded database"),
        pytest.param({"DEBUG": "true"}, "DEBUG não pode ser true", id="debug"),
        pytest.param({"SECRET_KEY": ""}, "SECRET_KEY é obrigatória", id="no secret key"),
        pytest.param({"SECRET_KEY": "curta"}, "SECRET_KEY é curta demais", id="short secret key"),
        pytest.param({"SECRET_KEY": "a" * 40}, "SECRET_KEY parece um valor de exemplo", id="one letter"),
        pytest.param({"SECRET_KEY": "troque-esta-chave-antes-de-usar-0123"}, "valor de exemplo", id="copied example"),
        pytest.param({"BOTCONVERSA_WEBHOOK_SECRET": ""}, "BOTCONVERSA_WEBHOOK_SECRET é obrigatória", id="open webhook"),
        pytest.param({"ENCRYPTION_KEYS": ""}, "ENCRYPTION_KEYS é obrigatória", id="no encryption"),
        pytest.param({"BOTCONVERSA_API_URL": "http://api.exemplo/v1"}, "BOTCONVERSA_API_URL deve começar com https://"),
        pytest.param({"OPENAI_BASE_URL": "http://10.0.0.4/v1"}, "OPENAI_BASE_URL deve começar com https://"),
        pytest.param(
            {"ENCRYPTION_KEYS": "k1:" + base64.b64encode(bytes(32)).decode()}, "chave de exemplo", id="zero key"
        ),
    ],
)
def test_guarded_environments_refuse(environment: str, changed: dict[str, str], expected: str) -> None:
    assert expected in refusal(ENVIRONMENT=environment, **{**GUARDED, **changed})


def test_a_refusal_never_repeats_a_secret() -> None:
    text = refusal(ENVIRONMENT="prod", SECRET_KEY="hush-hush", ENCRYPTION_KEYS=f"k1:{KEY[:-4]}", PORT="hush-hush")
    assert "hush" not in text
    assert KEY[:20] not in text


def test_settings_can_be_printed() -> None:
    shown = repr(load(ENVIRONMENT="prod", STAGING_ALLOWED_PHONES="+5531900000001", **GUARDED))
    assert not [secret for secret in (*GUARDED.values(), KEY, "pw@db", "5531900000001") if secret in shown]


def test_the_first_encryption_key_comes_first() -> None:
    keys = load(ENCRYPTION_KEYS=f"new:{OTHER_KEY}, old:{KEY}").security.encryption_keys
    assert [(key.id, len(key.key)) for key in keys] == [("new", 32), ("old", 32)]


def test_two_keys_with_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="mesmo id"):
        parse_encryption_keys(f"k1:{KEY},k1:{OTHER_KEY}")


def test_local_secrets_are_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    data_dir = tmp_path / "dados"
    first = load_or_create_secrets(data_dir)
    again = load_or_create_secrets(data_dir)
    (file,) = data_dir.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (first.secret_key, first.encryption_keys) == (again.secret_key, again.encryption_keys)
    assert first.database_app_password != first.database_owner_password
    assert first.secret_key not in repr(first)


def test_processes_that_start_together_share_one_file(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(load_or_create_secrets, [tmp_path / "dados"] * 8))
    assert len({local.secret_key for local in made}) == 1
    assert len(os.listdir(tmp_path / "dados")) == 1  # noqa: PTH208 - counts leftovers too


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"SECRET_KEY": "x", "ENCRYPTION_KEYS": "k1:zz"}'])
def test_damaged_secrets_are_kept_and_told(tmp_path: Path, content: str) -> None:
    file = tmp_path / "segredos.json"
    file.write_text(content, encoding="ascii")
    with pytest.raises(LocalSecretsError, match="danificado"):
        load_or_create_secrets(tmp_path)
    assert file.read_text(encoding="ascii") == content


def test_local_secrets_fill_only_what_is_missing(tmp_path: Path) -> None:
    local = load_or_create_secrets(tmp_path)
    filled = load(SECRET_KEY=GUARDED["SECRET_KEY"]).with_local_secrets(local)
    assert filled.security.secret_key is not None
    assert filled.security.secret_key.get_secret_value() == GUARDED["SECRET_KEY"]
    assert filled.security.encryption_keys == local.encryption_keys
    assert not filled.needs_local_secrets
