#!/bin/sh
# Instala as dependências fixadas e o próprio projeto em .venv. Na segunda vez só confere o carimbo.
set -eu

carimbo=.venv/.instalado
lugar=$(pwd -P)
versao=$(cat pyproject.toml requirements/*.txt | cksum)

aproveitavel() {
    .venv/bin/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || return 1
    # Os comandos de .venv guardam o caminho da pasta: se ela mudou de lugar, são refeitos.
    [ ! -f "$carimbo" ] || [ "$(tail -n 1 "$carimbo")" = "$lugar" ]
}

if [ -f "$carimbo" ] && [ "$(head -n 1 "$carimbo")" = "$versao" ] && aproveitavel; then
    exit 0
fi

falhar() {
    echo "$1" >&2
    exit 1
}

criar() {
    encontrado= python=
    for candidato in python3.14 python3.13 python3.12 python3.11 python3 python; do
        if "$candidato" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            encontrado=$candidato
            # Debian entrega o Python sem ensurepip; outro da lista pode tê-lo.
            if "$candidato" -c 'import ensurepip, venv' 2>/dev/null; then
                python=$candidato
                break
            fi
        fi
    done

    [ -n "$encontrado" ] || falhar "É preciso Python 3.11 ou mais novo: instale-o (por exemplo, apt install python3.11 python3.11-venv) e repita o comando."
    [ -n "${python:-}" ] || falhar "O $encontrado desta máquina não traz o módulo venv completo: instale-o (por exemplo, apt install python3-venv) e repita o comando."
    rm -rf .venv
    "$python" -m venv .venv || falhar "A pasta .venv não pôde ser criada; a mensagem acima diz por quê."
}

# Sem HOME o pip guardaria seu cache na raiz do disco.
[ -n "${HOME:-}" ] || export PIP_NO_CACHE_DIR=1
unset PYTHONHOME PYTHONPATH VIRTUAL_ENV
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_REQUIRE_VIRTUALENV=0

echo "Preparando .venv; a primeira vez leva cerca de um minuto..."
aproveitavel || criar
rm -f "$carimbo"
.venv/bin/python -m pip install --quiet --require-hashes -r requirements/dev.txt -r requirements/build.txt ||
    falhar "As dependências não puderam ser instaladas: confira o acesso à internet (a mensagem acima diz o que faltou) e repita o comando."
.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable . ||
    falhar "O projeto não pôde ser instalado em .venv; a mensagem acima diz por quê."
printf '%s\n%s\n' "$versao" "$lugar" >"$carimbo"
