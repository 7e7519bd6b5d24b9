"""Settings in small groups, and the only reader of the environment."""

import ipaddress
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, DotEnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from app.local_secrets import KEY_BYTES, EncryptionKey, LocalSecrets, parse_encryption_keys

_DRIVER: Final = "postgresql+asyncpg"
_OTHER_DATABASES: Final = {
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "oracle": "Oracle",
    "sqlite": "SQLite",
    "mssql": "SQL Server",
    "sqlserver": "SQL Server",
    "db2": "DB2",
    "firebird": "Firebird",
}
_UF: Final = re.compile("A[CLMP]|BA|CE|DF|ES|GO|M[AGST]|P[ABEIR]|R[JNORS]|S[CEP]|TO")
_EXAMPLE_WORDS: Final = ("change", "example", "exemplo", "troque", "secret", "segredo", "password", "senha", "default")
_FEWEST_DISTINCT: Final = 8  # "aaaa…" and "12341234…" are typed by hand
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_E164: Final = re.compile(r"\+[1-9]\d{7,14}")
_SIZE_OR_TIME: Final = re.compile(r"\d+ (KB|MB|GB|hours?|days?|weeks?|months?)|\d\d:\d\d")


class Environment(StrEnum):
    DEV = "dev"
    STAGING = "staging"
    PROD = "prod"


class SettingsError(Exception):
    """The environment cannot be used. `sentences` name the variables, never their values."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = tuple(sentences)


def _database_url(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    dialect = scheme.lower().partition("+")[0]
    if dialect in _OTHER_DATABASES:
        raise ValueError(
            f"aponta para {_OTHER_DATABASES[dialect]}: esse seria o banco do hospital, não o do Confirma, "
            "que guarda seus dados apenas em PostgreSQL."
        )
    if not separator or dialect not in {"postgres", "postgresql"} or not rest.strip("/"):
        raise ValueError("deve ser o endereço de um PostgreSQL, como postgresql://usuario:senha@servidor/banco.")
    rest = re.sub(r"([?&])sslmode=", r"\1ssl=", rest)  # asyncpg's name for libpq's option
    return f"{_DRIVER}://{rest}"


def _http_url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+[^\s?#]*", text) or not urlsplit(text).hostname:
        raise ValueError("deve ser um endereço http:// ou https://, sem usuário, senha ou parâmetros.")
    return text.rstrip("/")


def _smtp_url(text: str) -> str:
    if not re.fullmatch(r"smtps?://\S+", text):
        raise ValueError("deve começar com smtp:// ou smtps://.")
    return text


def _redis_url(text: str) -> str:
    if not re.fullmatch(r"(rediss?|unix)://\S+", text):
        raise ValueError("deve começar com redis:// ou rediss://.")
    return text


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _proxies(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        try:
            ipaddress.ip_network(value, strict=False)
        except ValueError:
            raise ValueError("deve listar endereços IP ou redes, como 10.0.0.5,192.168.0.0/24.") from None
    return values


def _phones(values: tuple[str, ...]) -> tuple[str, ...]:
    phones = tuple(re.sub(r"[\s().-]", "", value) for value in values)
    if not all(_E164.fullmatch(phone) for phone in phones):
        raise ValueError("deve listar telefones com + e código do país, separados por vírgula.")
    return phones


def _uf(text: str) -> str:
    if not _UF.fullmatch(text.upper()):
        raise ValueError("deve ser a sigla de um estado, como MG.")
    return text.upper()


def _header_name(text: str) -> str:
    if not _HEADER_NAME.fullmatch(text):
        raise ValueError("deve ser o nome de um cabeçalho HTTP, como X-Webhook-Signature.")
    return text


def _rotation(text: str) -> str:
    if not _SIZE_OR_TIME.fullmatch(text):
        raise ValueError('deve ser um tamanho, um prazo ou uma hora, como "100 MB", "30 days" ou "00:00".')
    return text


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _keys(value: object) -> object:
    return parse_encryption_keys(value) if isinstance(value, str) else value


def _inside(check: Callable[[str], str]) -> AfterValidator:
    """Apply a check of plain text to a value that stays hidden."""
    return AfterValidator(lambda value: SecretStr(check(value.get_secret_value())))


_HttpUrl = Annotated[str, AfterValidator(_http_url)]
_DatabaseUrl = Annotated[SecretStr, _inside(_database_url)]
_Hour = Annotated[int, Field(ge=0, le=23)]


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True)


class DatabaseSettings(_Group):
    """Our own database. Without `url` the program starts the embedded PostgreSQL."""

    url: _DatabaseUrl | None = Field(None, alias="DATABASE_URL")
    migration_url: _DatabaseUrl | None = Field(None, alias="DATABASE_MIGRATION_URL")
    pool_size: int = Field(10, alias="DATABASE_POOL_SIZE", ge=1, le=500)
    max_overflow: int = Field(10, alias="DATABASE_MAX_OVERFLOW", ge=0, le=500)
    pool_timeout: float = Field(30, alias="DATABASE_POOL_TIMEOUT", gt=0, le=600)

    @property
    def is_embedded(self) -> bool:
        return self.url is None


class ServerSettings(_Group):
    """Where the HTTP side listens and what it is called from outside."""

    host: str = Field("127.0.0.1", alias="HOST")
    port: int = Field(5001, alias="PORT", ge=0, le=65_535)
    api_workers: int = Field(1, alias="API_WORKERS", ge=1, le=64)
    trusted_proxies: Annotated[tuple[str, ...], BeforeValidator(_split), AfterValidator(_proxies)] = Field(
        (), alias="TRUSTED_PROXIES"
    )
    public_base_url: _HttpUrl | None = Field(None, alias="PUBLIC_BASE_URL")

    @property
    def base_url(self) -> str:
        return self.public_base_url or f"http://{self.host}:{self.port}"


class WorkerSettings(_Group):
    """How much one worker process takes on at a time."""

    concurrency: int = Field(200, alias="WORKER_CONCURRENCY", ge=1, le=2_000)
    chunk_size: int = Field(500, alias="CHUNK_SIZE", ge=1, le=500)


class BotconversaSettings(_Group):
    """The first hospital's Botconversa account and how its webhook proves itself."""

    api_url: _HttpUrl = Field("https://backend.botconversa.com.br/api/v1/webhook", alias="BOTCONVERSA_API_URL")
    api_key: SecretStr | None = Field(None, alias="BOTCONVERSA_API_KEY")
    webhook_secret: SecretStr | None = Field(None, alias="BOTCONVERSA_WEBHOOK_SECRET")
    flow_id: str | None = Field(None, alias="BOTCONVERSA_FLOW_ID")
    signature_header: Annotated[str, AfterValidator(_header_name)] = Field(
        "X-Webhook-Signature", alias="WEBHOOK_SIGNATURE_HEADER"
    )


class HospitalSettings(_Group):
    """What the first hospital is called; afterwards its own settings in the database count."""

    name: str = Field("Hospital", alias="HOSPITAL_NAME", max_length=120)
    phone: str = Field("", alias="HOSPITAL_PHONE", max_length=40)
    address: str = Field("", alias="HOSPITAL_ADDRESS", max_length=200)
    city: str = Field("", alias="HOSPITAL_CITY", max_length=80)
    state: Annotated[str, AfterValidator(_uf)] | None = Field(None, alias="HOSPITAL_STATE")
    confirmation_window_hours: int = Field(72, alias="CONFIRMATION_WINDOW_HOURS", ge=1, le=720)


class SchedulerSettings(_Group):
    """The switches and hours of the scheduler."""

    enable_confirmation_job: bool = Field(default=True, alias="SCHEDULER_ENABLE_CONFIRMATION_JOB")
    enable_reminder_job: bool = Field(default=True, alias="SCHEDULER_ENABLE_REMINDER_JOB")
    confirmation_hour: _Hour = Field(8, alias="SCHEDULER_CONFIRMATION_HOUR")
    confirmation_minute: int = Field(0, alias="SCHEDULER_CONFIRMATION_MINUTE", ge=0, le=59)
    monitoring_interval_minutes: int = Field(1, alias="SCHEDULER_MONITORING_INTERVAL_MINUTES", ge=1, le=60)
    start_hour: _Hour = Field(8, alias="SCHEDULER_START_HOUR")
    end_hour: int = Field(20, alias="SCHEDULER_END_HOUR", ge=1, le=24)


class LogSettings(_Group):
    """Empty level and format follow the environment."""

    level: Annotated[
        Literal["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] | None, BeforeValidator(_upper)
    ] = Field(None, alias="LOG_LEVEL")
    format: Literal["texto", "json"] | None = Field(None, alias="LOG_FORMAT")
    file: Path | None = Field(None, alias="LOG_FILE")
    rotation: Annotated[str, AfterValidator(_rotation)] = Field("100 MB", alias="LOG_ROTATION")
    retention: Annotated[str, AfterValidator(_rotation)] = Field("30 days", alias="LOG_RETENTION")


class OpenAISettings(_Group):
    """A second opinion on replies; without a key there is none."""

    api_key: SecretStr | None = Field(None, alias="OPENAI_API_KEY")
    base_url: _HttpUrl = Field("https://api.openai.com/v1", alias="OPENAI_BASE_URL")
    model: str = Field("gpt-5.4-mini", alias="OPENAI_MODEL")


class SecuritySettings(_Group):
    """What signs and encrypts. The first encryption key encrypts, the others still decrypt."""

    secret_key: SecretStr | None = Field(None, alias="SECRET_KEY")
    encryption_keys: Annotated[tuple[EncryptionKey, ...], BeforeValidator(_keys)] = Field((), alias="ENCRYPTION_KEYS")


class Settings(BaseSettings):
    """All of it. Built directly it holds the defaults of development; `load_settings` reads the environment."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True)

    environment: Environment = Field(Environment.DEV, alias="ENVIRONMENT")
    debug: bool = Field(default=False, alias="DEBUG")
    data_dir: Path = Field(Path("dados"), alias="DATA_DIR")
    staging_allowed_phones: Annotated[tuple[str, ...], BeforeValidator(_split), AfterValidator(_phones)] = Field(
        (), alias="STAGING_ALLOWED_PHONES", repr=False
    )
    n8n_base_url: _HttpUrl | None = Field(None, alias="N8N_BASE_URL")
    smtp_url: Annotated[SecretStr, _inside(_smtp_url)] | None = Field(None, alias="SMTP_URL")
    redis_url: Annotated[SecretStr, _inside(_redis_url)] | None = Field(None, alias="REDIS_URL")

    database: DatabaseSettings = DatabaseSettings()
    server: ServerSettings = ServerSettings()
    worker: WorkerSettings = WorkerSettings()
    botconversa: BotconversaSettings = BotconversaSettings()
    hospital: HospitalSettings = HospitalSettings()
    scheduler: SchedulerSettings = SchedulerSettings()
    log: LogSettings = LogSettings()
    openai: OpenAISettings = OpenAISettings()
    security: SecuritySettings = SecuritySettings()

    @classmethod
    def settings_customise_sources(  # noqa: PLR0917
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)  # load_settings lays out the flat names; nothing else may slip in

    @model_validator(mode="after")
    def _refuse(self) -> Self:
        if sentences := [*_contradictions(self), *(_exposures(self) if self.is_guarded else ())]:
            raise SettingsError(sentences)
        return self

    @property
    def is_guarded(self) -> bool:
        """Staging is guarded like production: it holds the same data."""
        return self.environment is not Environment.DEV

    @property
    def needs_local_secrets(self) -> bool:
        return not (self.is_guarded or (self.security.secret_key and self.security.encryption_keys))

    def with_local_secrets(self, local: LocalSecrets) -> Self:
        """Fill in the keys nobody configured; what the environment gave stays."""
        security = SecuritySettings(
            secret_key=self.security.secret_key or SecretStr(local.secret_key),
            encryption_keys=self.security.encryption_keys or local.encryption_keys,
        )
        return self.model_copy(update={"security": security})


def load_settings(environ: Mapping[str, str] | None = None, *, env_file: Path | None = Path(".env")) -> Settings:
    """Read the environment, then `env_file` for what it does not set. An empty value counts as absent.

    Raises SettingsError with every sentence at once.
    """
    texts = {**_read_env_file(env_file), **(os.environ if environ is None else environ)}
    given = {name: text.strip() for name, text in texts.items() if text.strip()}
    try:
        return Settings(**_lay_out(given))
    except ValidationError as error:
        raise SettingsError([_sentence(detail) for detail in error.errors(include_input=False)]) from None


def setting_names() -> Mapping[str, FieldInfo]:
    """Return every environment name we read, with its field."""
    groups: tuple[type[BaseModel], ...] = (Settings, *_groups().values())
    return {field.alias: field for group in groups for field in group.model_fields.values() if field.alias}


def _groups() -> Mapping[str, type[_Group]]:
    return {
        name: field.annotation
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, _Group)
    }


def _lay_out(given: Mapping[str, str]) -> dict[str, Any]:
    groups = {
        name: {alias: given[alias] for alias in _aliases(group) if alias in given} for name, group in _groups().items()
    }
    return {**groups, **{alias: given[alias] for alias in _aliases(Settings) if alias in given}}


def _aliases(model: type[BaseModel]) -> Iterator[str]:
    return (field.alias for field in model.model_fields.values() if field.alias)


def _read_env_file(env_file: Path | None) -> Mapping[str, str]:
    if env_file is None or not env_file.is_file():
        return {}
    try:
        source = DotEnvSettingsSource(Settings, env_file=env_file, env_file_encoding="utf-8-sig", case_sensitive=True)
    except (OSError, UnicodeDecodeError):
        raise SettingsError(
            [f"O arquivo {env_file} não pôde ser lido: ele deve estar em UTF-8 e ser legível."]
        ) from None
    return {name: text for name, text in source.env_vars.items() if text is not None}


_SENTENCES: Final = {
    "int_parsing": "deve ser um número inteiro.",
    "float_parsing": "deve ser um número.",
    "bool_parsing": "deve ser true ou false.",
    "enum": "deve ser um destes valores: {expected}.",
    "literal_error": "deve ser um destes valores: {expected}.",
    "greater_than_equal": "deve ser no mínimo {ge}.",
    "greater_than": "deve ser maior que {gt}.",
    "less_than_equal": "deve ser no máximo {le}.",
    "string_too_long": "deve ter no máximo {max_length} caracteres.",
    "value_error": "{error}",
}


def _sentence(detail: Any) -> str:
    name = next((part for part in reversed(detail["loc"]) if str(part).isupper()), "A configuração")
    template = _SENTENCES.get(detail["type"], "não pôde ser lida.")
    context = {key: str(value).replace("'", "").replace(" or ", ", ") for key, value in detail.get("ctx", {}).items()}
    return f"{name} {template.format(**context)}"


def _contradictions(settings: Settings) -> Iterator[str]:
    if settings.scheduler.start_hour >= settings.scheduler.end_hour:
        yield "SCHEDULER_END_HOUR deve ser maior que SCHEDULER_START_HOUR."


def _exposures(settings: Settings) -> Iterator[str]:
    """Yield what production and staging refuse: each would expose patients or lose their data."""
    where = f"com ENVIRONMENT={settings.environment}"
    if settings.database.is_embedded:
        yield f"DATABASE_URL é obrigatória {where}: o PostgreSQL embutido serve a demonstrações e testes."
    if settings.debug:
        yield f"DEBUG não pode ser true {where}: os erros mostrariam dados de pacientes."
    yield from _weaknesses("SECRET_KEY", settings.security.secret_key, where)
    yield from _weaknesses("BOTCONVERSA_WEBHOOK_SECRET", settings.botconversa.webhook_secret, where)
    if not settings.security.encryption_keys:
        yield f"ENCRYPTION_KEYS é obrigatória {where}: nomes e telefones são gravados cifrados."
    for name, url in (
        ("BOTCONVERSA_API_URL", settings.botconversa.api_url),
        ("OPENAI_BASE_URL", settings.openai.base_url),
    ):
        if not url.startswith("https://") and urlsplit(url).hostname not in _THIS_MACHINE:
            yield f"{name} deve começar com https:// {where}: nomes, telefones e a chave da conta passam por lá."
    for key in settings.security.encryption_keys:
        if _looks_typed(key.key):
            yield f"ENCRYPTION_KEYS tem uma chave de exemplo (id {key.id}); gere 32 bytes ao acaso."


def _weaknesses(name: str, secret: SecretStr | None, where: str) -> Iterator[str]:
    if secret is None:
        yield f"{name} é obrigatória {where}."
    elif len(secret.get_secret_value().encode()) < KEY_BYTES:
        yield f"{name} é curta demais {where}: use pelo menos {KEY_BYTES} caracteres ao acaso."
    elif _looks_typed(secret.get_secret_value().encode()):
        yield f"{name} parece um valor de exemplo; gere um ao acaso."


def _looks_typed(value: bytes) -> bool:
    text = value.decode("latin-1").lower()
    return len(set(value)) < _FEWEST_DISTINCT or any(word in text for word in _EXAMPLE_WORDS)
