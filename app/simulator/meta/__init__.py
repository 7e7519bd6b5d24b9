"""A fake WhatsApp Business Cloud API over real HTTP, built from its contract: it refuses what the real one refuses."""

from app.simulator.meta.inbound import Person, bsuid_of, said, sign
from app.simulator.meta.options import MetaOptions, SeedTemplate
from app.simulator.meta.server import FakeMeta

__all__ = ["FakeMeta", "MetaOptions", "Person", "SeedTemplate", "bsuid_of", "said", "sign"]
