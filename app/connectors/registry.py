"""Which kinds of source exist. A new one: a folder, and a line here."""

from collections.abc import Mapping
from typing import Final

from app.connectors.base import FileConnector
from app.connectors.csv_file import CsvFileConnector

FILE_CONNECTORS: Final[Mapping[str, FileConnector]] = {CsvFileConnector.name: CsvFileConnector()}
