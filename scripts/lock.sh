#!/bin/sh
# Fixa versões e hashes de todas as dependências. Precisa do uv (pip install uv).
set -eu

if command -v uv >/dev/null 2>&1; then
    uv=uv
elif [ -x .venv/bin/uv ]; then
    uv=.venv/bin/uv
else
    echo "O uv não foi encontrado: instale-o com '.venv/bin/python -m pip install uv' e repita o comando." >&2
    exit 1
fi

compilar() {
    saida=$1
    shift
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
        --output-file "$saida" "$@"
}

compilar requirements/base.txt pyproject.toml "$@"
compilar requirements/dev.txt pyproject.toml --extra dev --constraint requirements/base.txt "$@"
compilar requirements/build.txt requirements/build.in "$@"
