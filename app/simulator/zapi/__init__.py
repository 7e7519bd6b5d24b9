"""A Z-API that behaves: its server, and what it calls us with."""

from app.simulator.gateway import Fault, FaultPlan, Receipts
from app.simulator.zapi.calls import Calls, Patient
from app.simulator.zapi.server import FakeZapi, Refusals

__all__ = ["Calls", "FakeZapi", "Fault", "FaultPlan", "Patient", "Receipts", "Refusals"]
