"""Schedules in files: CSV in the ways hospitals write it, and XLSX."""

from app.connectors.csv_file.agenda import Agenda, CsvFileConnector, read_agenda
from app.connectors.csv_file.rejeitados import RejectsWriter, rejects_path

__all__ = ["Agenda", "CsvFileConnector", "RejectsWriter", "read_agenda", "rejects_path"]
