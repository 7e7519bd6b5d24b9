"""What every table shares: the schema's name, the hospital it belongs to, the encrypted column type."""

from datetime import datetime
from typing import Annotated, Any, Final

from sqlalchemy import BigInteger, DateTime, Identity, LargeBinary, MetaData, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeDecorator

from app import crypto

SCHEMA: Final = "SantaCasa"


class Base(DeclarativeBase):
    """The registry of all tables."""

    metadata = MetaData(schema=SCHEMA)
    type_annotation_map = {  # noqa: RUF012  SQLAlchemy reads it as it stands
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        str: Text,
        int: BigInteger,
    }


class EncryptedText(TypeDecorator[str]):
    """A text that is ciphertext in the database, bound to its hospital and its `column`."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, column: str) -> None:
        """Take the column's full name, `table.column`."""
        super().__init__()
        self.column = column

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002
        return None if value is None else crypto.keyring().encrypt(value, self.column, crypto.hospital())

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else crypto.keyring().decrypt(value, self.column, crypto.hospital())


Id = Annotated[int, mapped_column(BigInteger, Identity(always=False), primary_key=True)]
TenantId = Annotated[int, mapped_column(BigInteger, nullable=False)]
CreatedAt = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now())]
