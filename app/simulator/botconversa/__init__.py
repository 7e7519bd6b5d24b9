"""A fake Botconversa over real HTTP, built from its contract: it refuses what the real one refuses."""

from app.simulator.botconversa.account import Contact
from app.simulator.botconversa.options import FakeOptions, LookupForm, SeedFlow, SendBody
from app.simulator.botconversa.outgoing import Outgoing, Reply, Shape, broken, build_body, sign
from app.simulator.botconversa.server import BASE_PATH, FakeBotconversa
from app.simulator.gateway.faults import Fault, FaultPlan

__all__ = [
    "BASE_PATH",
    "Contact",
    "FakeBotconversa",
    "FakeOptions",
    "Fault",
    "FaultPlan",
    "LookupForm",
    "Outgoing",
    "Reply",
    "SeedFlow",
    "SendBody",
    "Shape",
    "broken",
    "build_body",
    "sign",
]
