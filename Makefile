# Tudo começa daqui: um clone, Python >= 3.11 e make. Os alvos usam caminhos relativos, para que a pasta possa ter espaços no nome.

PY := .venv/bin/python
SHARED ?= ../shared
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test check test-dados bench bench-grande bench-leitura lock clean

help: ## mostra esta lista
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile

setup: ## instala tudo em .venv (rápido na segunda vez)
	@sh scripts/setup.sh

demo: setup ## sobe a demonstração completa e abre o painel (opções em ARGS)
	@exec .venv/bin/confirma demo $(ARGS)

test: setup ## instala o que falta e roda os testes
	@sh scripts/system_packages.sh
	@$(PY) -m pytest -p tests.plugins.sem_pulos -m "not dados" $(ARGS)

check: setup ## ruff, mypy e a direção dos imports
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports

test-dados: setup ## testes sobre os dados reais de ../shared, quando existem
	@if [ -d "$(SHARED)/data" ]; then \
		$(PY) -m pytest -p tests.plugins.sem_pulos -m dados tests/dados $(ARGS); \
	elif [ -n "$$CI" ]; then \
		echo "Os dados de $(SHARED)/data não foram encontrados e a CI depende deles." >&2; exit 1; \
	else \
		echo "Os dados de $(SHARED)/data não estão nesta máquina: nada a testar aqui."; \
	fi

bench: setup ## mede vazão, latência, planejamento e memória (ARGS=webhook para uma só)
	@$(PY) -m bench $(ARGS)

bench-leitura: setup ## a leitura das respostas: acertos, erros perigosos, respostas por segundo (ARGS="--exame ARQ")
	@$(PY) -m bench.leitura $(ARGS)

bench-grande: setup ## o planejamento com até 10 milhões de atendimentos
	@$(PY) -m bench --grande $(ARGS)

lock: setup ## regenera requirements/*.txt a partir do pyproject.toml
	@sh scripts/lock.sh $(ARGS)

clean: ## apaga o que pode ser refeito (nunca a pasta dados/)
	@rm -rf .venv build dist ./*.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
