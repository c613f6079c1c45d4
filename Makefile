# Yichuang 一窗. Needs Python >= 3.11, make and git; everything else is installed into .venv from the hashed lock.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
# What ruff and mypy look at: the folders that are there.
CODE := $(wildcard services gateway contracts tools deploy demo benchmarks tests)

# Compiled modules and tests are kept: a stack is a dozen processes of the same modules.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo test run check bench bench-library contracts lock oracle clean

help: ## 列出命令 / list the commands
	@echo "一窗 Yichuang"; echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 26

install: $(STAMP) ## 安装依赖到 .venv / install what is needed into .venv

# Made again when the lock has changed or the copied folder holds an environment of another place.
$(STAMP): requirements-dev.lock .ci/python .ci/install.py
	@python="$$(.ci/python)"; \
	if ! $(PY) -c 'import sys; sys.exit(sys.prefix != "$(CURDIR)/$(VENV)")' 2>/dev/null; then \
	  echo "创建 $(VENV) / making $(VENV) with $$python ($$($$python -V))"; \
	  "$$python" -m venv --clear $(VENV); \
	fi
	@$(PY) .ci/install.py requirements-dev.lock
	@touch $@

demo: $(STAMP) ## 完整演示：38 个事项从申请到证照 / the whole way, from application to certificate
	@$(PY) -m demo

test: $(STAMP) ## 全部测试 / every test
	@$(PY) .ci/test.py $(ARGS)

run: $(STAMP) ## 启动系统，直到 Ctrl-C / the stack, until Ctrl-C
	@exec $(PY) -m deploy.local up $(ARGS)

check: $(STAMP) ## 快速检查（约两分钟）/ lint, types, imports, unit, contract and architecture tests
	@$(PY) .ci/check.py $(CODE)

bench: $(STAMP) ## 性能数字 / the figures, as ratios in one run
	@$(PY) -m benchmarks $(ARGS)

bench-library: $(STAMP) ## 一千万张证照的性能 / the library at ten million certificates (ARGS="--size 1000000")
	@$(PY) -m benchmarks.library $(ARGS)

contracts: $(STAMP) ## 重新生成契约文件 / regenerate the committed contract files
	@$(PY) -m tools.contracts

lock: $(STAMP) ## 更新依赖锁定文件 / renew the lock files
	$(VENV)/bin/uv pip compile -q --universal --generate-hashes --python-version 3.11 --custom-compile-command "make lock" requirements.in -o requirements.lock
	$(VENV)/bin/uv pip compile -q --universal --generate-hashes --python-version 3.11 --custom-compile-command "make lock" requirements-dev.in -o requirements-dev.lock

oracle: $(STAMP) ## 慢速日期核对 / the slow day-by-day oracle against the fast dates
	@ORACLE_HISTORIES=100000 $(PY) -m pytest -q --timeout=0 tests/unit/kernel/test_oracle.py $(ARGS)

clean: ## 删除 .venv、缓存与输出（不删 .data）/ remove .venv, caches, out (never .data)
	@rm -rf $(VENV) out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
