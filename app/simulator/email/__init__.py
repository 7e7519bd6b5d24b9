"""A fake SMTP server on a real socket: it refuses what a real one refuses, and fails where told to."""

from app.simulator.email.certificate import Certificate, make_certificate
from app.simulator.email.content import Entregue
from app.simulator.email.options import Options
from app.simulator.email.server import FakeSmtp
from app.simulator.gateway import Fault

__all__ = ["Certificate", "Entregue", "FakeSmtp", "Fault", "Options", "make_certificate"]
