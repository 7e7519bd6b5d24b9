"""`python -m bench`: the ordinary set, one process after the other; `--grande`: planning at ten million."""

import argparse
import subprocess
import sys
from typing import Final

from bench.importacao import data_file

_ORDINARY: Final = (
    ("envio",),
    ("webhook",),
    ("pleno",),
    ("queda",),
    ("planejamento",),
    ("ritmo",),
    ("partida",),
)
_LONGEST_S: Final = 3_600


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--grande", action="store_true", help="planning at 10 million appointments instead")
    parser.add_argument(
        "nomes", nargs="*", help="only these: envio webhook pleno queda planejamento ritmo partida importacao leitura"
    )
    arguments = parser.parse_args()
    if arguments.grande:
        return run("planejamento", "--grande")
    chosen = [(nome,) for nome in arguments.nomes] or list(_ORDINARY)
    if not arguments.nomes and data_file().is_file():
        chosen.append(("importacao",))
    return max(run(*bench) for bench in chosen)


def run(nome: str, *options: str) -> int:
    """Run one bench in a process of its own: what it leaves in memory must not weigh on the next."""
    done = subprocess.run([sys.executable, "-m", f"bench.{nome}", *options], check=False, timeout=_LONGEST_S)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
