"""`confirma canal …`: the accounts through which messages leave."""

from app.cli.canal import alterar, credenciais, criar, pausa, testar, ver
from app.cli.canal.conta import find_canal
from app.cli.canal.grupo import grupo
from app.cli.canal.testar import show_saude
from app.cli.canal.ver import summary

__all__ = ["alterar", "credenciais", "criar", "find_canal", "grupo", "pausa", "show_saude", "summary", "testar", "ver"]
