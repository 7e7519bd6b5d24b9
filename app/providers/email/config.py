"""Which server takes a hospital's e-mails, in whose name they leave, and what opens it."""

import ipaddress
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self
from urllib.parse import urlsplit

from app.providers.stored import read_number_or, read_text, refuse_unknown


class Tls(StrEnum):
    """How the connection is encrypted; the certificate is always verified."""

    STARTTLS = "starttls"
    TLS = "tls"
    """From the first byte."""
    NENHUM = "nenhum"
    """Only to a server on this machine."""


DEFAULT_RATE: Final = 30
"""Messages a minute: what the strictest of the large services allow one account."""
_PORTS: Final[Mapping[Tls, int]] = {Tls.STARTTLS: 587, Tls.TLS: 465, Tls.NENHUM: 25}
_FASTEST: Final = 600
_LONGEST_NAME, _LONGEST_URL = 60, 500
# All of them together stay below the five minutes after which a message in the air counts as lost.
_LONGEST_WAIT, _LONGEST_DELIVERY = 15.0, 60.0
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})+")
_LONGEST_LOCAL, _LONGEST_ADDRESS = 64, 254  # RFC 5321, 4.5.3.1


def is_address(text: str) -> bool:
    """Tell whether an address can stand in a command and a header as it is: ASCII, nothing quoted, no comment."""
    local = text.partition("@")[0]
    return len(text) <= _LONGEST_ADDRESS and len(local) <= _LONGEST_LOCAL and _ADDRESS.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailConfig:
    servidor: str
    remetente: str
    """From, and where undeliverable e-mails return to."""
    hospital: str
    """The name in From and in the subject: it shows on a locked screen."""
    tls: Tls = Tls.STARTTLS
    porta: int = 0
    """0: the usual one of `tls`."""
    responder_a: str | None = None
    descadastro: str | None = None
    """Where a person asks not to be written to: an address or an https page."""
    certificado_ca: str | None = None
    """The hospital's own authority, in PEM, besides those of the system."""
    taxa_por_minuto: int = DEFAULT_RATE
    espera_s: float = 10.0
    """For the connection and each command."""
    espera_entrega_s: float = 60.0
    """For the answer to the whole text: a server may look for viruses before it answers, and giving up is a doubt."""

    def __post_init__(self) -> None:
        self._check_server()
        for key, value in (("remetente", self.remetente), ("responder_a", self.responder_a)):
            if value is not None and not is_address(value):
                raise ValueError(f"{key}: informe um endereço de e-mail, sem nome e sem acentos")
        if not self.hospital or len(self.hospital) > _LONGEST_NAME or not self.hospital.isprintable():
            raise ValueError(f"hospital: informe o nome que o paciente lê, em até {_LONGEST_NAME} caracteres")
        if self.descadastro is not None and not _is_unsubscribing(self.descadastro):
            raise ValueError("descadastro: informe um endereço de e-mail ou uma página https")
        if not 1 <= self.taxa_por_minuto <= _FASTEST:
            raise ValueError(f"taxa_por_minuto: informe um número entre 1 e {_FASTEST}")
        for key, seconds, longest in (
            ("espera_s", self.espera_s, _LONGEST_WAIT),
            ("espera_entrega_s", self.espera_entrega_s, _LONGEST_DELIVERY),
        ):
            if not 0 < seconds <= longest:
                raise ValueError(f"{key}: informe segundos, até {longest:.0f}")

    def _check_server(self) -> None:
        if not (_HOST.fullmatch(self.servidor) or _as_ip(self.servidor)):
            raise ValueError("servidor: informe o nome do servidor SMTP, sem porta nem barras")
        if not 0 <= self.porta < 2**16:
            raise ValueError("porta: informe um número entre 1 e 65535")
        if self.tls is Tls.NENHUM and not _is_loopback(self.servidor):
            raise ValueError("tls: 'nenhum' só vale para um servidor nesta mesma máquina; use starttls ou tls")
        if self.certificado_ca is not None:
            _verifying(self.certificado_ca)

    @property
    def port(self) -> int:
        return self.porta or _PORTS[self.tls]

    @property
    def domain(self) -> str:
        return self.remetente.rpartition("@")[2].lower()

    def build_tls(self) -> ssl.SSLContext | None:
        return None if self.tls is Tls.NENHUM else _verifying(self.certificado_ca)

    @classmethod
    def from_mapping(cls, config: Mapping[str, object]) -> Self:
        """Read a channel's stored configuration; ValueError says, in Portuguese, which key is wrong."""
        refuse_unknown(config, cls.__dataclass_fields__)
        return cls(
            servidor=read_text(config, "servidor") or "",
            remetente=read_text(config, "remetente") or "",
            hospital=read_text(config, "hospital") or "",
            tls=_mode(config),
            porta=read_number_or(config, "porta", 0),
            responder_a=read_text(config, "responder_a"),
            descadastro=read_text(config, "descadastro"),
            certificado_ca=read_text(config, "certificado_ca"),
            taxa_por_minuto=read_number_or(config, "taxa_por_minuto", DEFAULT_RATE),
            espera_s=_seconds(config, "espera_s", 10.0),
            espera_entrega_s=_seconds(config, "espera_entrega_s", 60.0),
        )


@dataclass(frozen=True, slots=True)
class EmailCredentials:
    """Both, or neither where the server knows ours by its address."""

    usuario: str | None = field(default=None, repr=False)
    senha: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if (self.usuario is None) != (self.senha is None):
            missing = "senha" if self.senha is None else "usuario"
            raise ValueError(f"{missing}: informe usuário e senha, ou nenhum dos dois")
        if "\0" in f"{self.usuario}{self.senha}":
            raise ValueError("senha: usuário e senha não podem ter o caractere nulo")

    @classmethod
    def from_mapping(cls, credentials: Mapping[str, str]) -> Self:
        return cls(credentials.get("usuario", "").strip() or None, credentials.get("senha", "") or None)


def _as_ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _as_ip(host)
    return address.is_loopback if address else host.lower() == "localhost"


def _is_unsubscribing(text: str) -> bool:
    if is_address(text):
        return True
    parts = urlsplit(text)
    plain = text.isascii() and text.isprintable() and not re.search(r"[\s<>,]", text)
    return plain and len(text) <= _LONGEST_URL and parts.scheme == "https" and bool(parts.hostname)


def _verifying(ca: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca is None:
        return context
    try:
        context.load_verify_locations(cadata=ca)
    except (ssl.SSLError, ValueError, TypeError):
        raise ValueError("certificado_ca: informe o certificado da autoridade em PEM") from None
    return context


def _mode(config: Mapping[str, object]) -> Tls:
    text = read_text(config, "tls") or Tls.STARTTLS
    try:
        return Tls(text)
    except ValueError:
        raise ValueError(f"tls: use um destes: {', '.join(Tls)}") from None


def _seconds(config: Mapping[str, object], key: str, default: float) -> float:
    value = config.get(key)
    if value is None or value == "":
        return default
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,3})?", text):
        raise ValueError(f"{key}: informe um número")
    return float(text)
