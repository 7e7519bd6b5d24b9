"""What every fake gateway shares: a socket that may fail on purpose, a log to judge from, news posted back."""

from app.simulator.gateway.avisos import Aviso, Avisos, Receipts
from app.simulator.gateway.faults import Fault, FaultPlan
from app.simulator.gateway.server import Answer, FakeGateway, Operation, Request, Taken
from app.simulator.gateway.telefones import whatsapp_id

__all__ = [
    "Answer",
    "Aviso",
    "Avisos",
    "FakeGateway",
    "Fault",
    "FaultPlan",
    "Operation",
    "Receipts",
    "Request",
    "Taken",
    "whatsapp_id",
]
