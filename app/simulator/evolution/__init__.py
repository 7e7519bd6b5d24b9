"""A fake Evolution server over real HTTP, built from its contract: it refuses what the real one refuses."""

from app.simulator.evolution.avisos import EvolutionAvisos, bearer
from app.simulator.evolution.incoming import Forma, Resposta, message_data
from app.simulator.evolution.server import ClosedAnswer, FakeEvolution

__all__ = ["ClosedAnswer", "EvolutionAvisos", "FakeEvolution", "Forma", "Resposta", "bearer", "message_data"]
