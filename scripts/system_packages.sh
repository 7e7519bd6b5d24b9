#!/bin/sh
# Pacotes do sistema de que alguns testes precisam: instala quando pode (root em Debian), senão diz o comando.
set -eu

for navegador in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$navegador" >/dev/null 2>&1; then
        exit 0
    fi
done

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Instalando o Chromium para os testes de navegador..."
    export DEBIAN_FRONTEND=noninteractive
    registro=$(mktemp)
    if (apt-get update && apt-get install --yes --no-install-recommends chromium) >"$registro" 2>&1; then
        rm -f "$registro"
        exit 0
    fi
    tail -n 5 "$registro" >&2
    rm -f "$registro"
fi
echo "O Chromium não está instalado: os testes de navegador serão pulados (para incluí-los: sudo apt install chromium)." >&2
