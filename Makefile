# What a contributor or an operator does with this tree; bare `make` lists it.

PYTHON ?= python3
PREFIX ?= /usr/local/mgr5
# what stand-in panels run on: mariadb or mysql
DATABASE ?= mariadb
export PYTHON PREFIX CRONDIR LOGROTATEDIR CHECKEVENT SETREMOTEID WHEELS DATABASE

EXECUTABLES = $(wildcard addon/reseller processing/pmreseller sbin/resellerctl)

.NOTPARALLEL:
.PHONY: help venv mariadb mysql alarms foreign browser test test-fast screenshots bench demo try walk chaos fuzz clients storm coverage mutation check lint types layers docs files fmt lock sbom packages test-packages install uninstall clean

help: ## list the targets (this is what bare `make` does)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: .venv/stamp ## make .venv with everything tests and sandbox need (PYTHON= another interpreter)

.venv/stamp: setup.py sandbox/pyproject.toml constraints.txt
	@scripts/prerequisites.sh python
	@.venv/bin/python -c pass 2>/dev/null || rm -rf .venv
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check 'pip>=21.3' # the first with PEP 660
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		--editable '.[test]' --editable ./sandbox
	@touch $@

mariadb: ## make sure the MariaDB server is there (as root: install it; no service is started)
	@scripts/prerequisites.sh mariadb

mysql: ## make sure a MySQL server is in build/mysql (from Debian's unstable suite; nothing is installed)
	@scripts/mysql.sh

alarms: ## make sure promtool is in build/prometheus (from Debian; nothing is installed)
	@scripts/promtool.sh

foreign: ## make sure perl, PHP and logrotate are there, programs of others that the tests run (as root: install them)
	@scripts/prerequisites.sh foreign

browser: ## make sure Chromium and its driver are there (as root: install them)
	@scripts/prerequisites.sh browser

ifeq ($(DATABASE),mysql)
# what the ledger and the panel's tables are asked, and over the wire what a service goes through: some minutes worth of it
OVER_THE_WIRE = orders/order orders/proofs orders/crash life/life life/terms life/dates life/failures life/spending life/overtaken \
	sync/reconcile sync/left linking/linking linking/moved swap/swap install/migration
TESTS = tests/unit tests/database sandbox/tests/conformance/test_database.py sandbox/tests/test_browser.py tests/chaos/test_search.py \
	$(foreach test,$(OVER_THE_WIRE),tests/$(dir $(test))test_$(notdir $(test)).py)
endif
test: venv $(DATABASE) foreign browser
test: ## run the tests (ARGS= for pytest, e.g. ARGS='-k open'; DATABASE=mysql some of them on MySQL, TESTS= others)
	.venv/bin/python -m pytest --numprocesses 4 $(TESTS) $(ARGS)

test-fast: venv $(DATABASE) ## run the tests that start no panels (ARGS= for pytest)
	.venv/bin/python -m pytest --numprocesses 4 tests/unit $(ARGS)

screenshots: venv $(DATABASE) browser ## the pictures of the pages into docs/screenshots
	.venv/bin/python -m tests.screenshots $(ARGS)

bench: venv $(DATABASE) ## measure the promised limits, both sides in one run (build/bench.json; ARGS=--quick up to 10,000)
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	.venv/bin/python -m tests.bench $(ARGS)

demo: venv $(DATABASE) ## play the whole story on two stand-in panels
	.venv/bin/python -m tests.demo

try: venv $(DATABASE) ## a working shop on two stand-in panels to click through, until Ctrl-C (ARGS='--every 5', '--empty')
	.venv/bin/python -m tests.tryout $(ARGS)

walk: venv $(DATABASE) browser ## from an empty list of modules to a sold service by clicks in a browser, with pictures (docs/pictures/try)
	.venv/bin/python -m tests.walk $(ARGS)

chaos: venv $(DATABASE) ## crash and disturb every command, counted by the seller (POINTS= SEED= LANES= ONLY= HISTORIES= LIVES=)
	.venv/bin/python -m tests.chaos $(if $(POINTS),--points $(POINTS)) $(if $(SEED),--seed $(SEED)) $(if $(LIVES),--lives $(LIVES)) \
		$(if $(LANES),--lanes $(LANES)) $(if $(ONLY),--only '$(ONLY)') $(if $(HISTORIES),--histories $(HISTORIES))

coverage: venv $(DATABASE) foreign browser ## lines and branches of reseller/ that no test runs, installed processes included (ARGS= for pytest)
	.venv/bin/python -m tests.quality.coverage $(ARGS)

mutation: venv $(DATABASE) ## how many small errors in ledger and lifecycle the tests notice (ARGS= e.g. '--only ledger --show')
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[mutation]'
	.venv/bin/python -m tests.quality.mutation $(ARGS)

# The lower ends of the ranges, as pip is told: requests==... urllib3==...
LOWEST = $(shell sed -n 's/^[ "]*\(requests\|urllib3\)>=\([0-9.]*\).*/\1==\2/p' setup.py constraints.txt)

fuzz: venv $(DATABASE) ## change what sellers, arguments, pages and settings say at random (SECONDS= SEED=)
	.venv/bin/python -m tests.fuzz $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))

clients: ## test the HTTP client with the oldest requests and urllib3, and with the newest (OLDPYTHON=python3.9)
	tests/clients.sh oldest '$(or $(OLDPYTHON),$(PYTHON))' $(LOWEST)
	tests/clients.sh newest '$(PYTHON)' requests urllib3

storm: venv ## deadlines at every point of 15,000 calls, beside calls on kept connections (ARGS= e.g. '--calls 1000 --seed 2')
	.venv/bin/python -m tests.storm $(ARGS)

check: lint types layers test ## everything a change must pass

lint: venv ## format and rules (ruff)
	.venv/bin/ruff format --check
	.venv/bin/ruff check

types: venv ## types (mypy, strict for reseller/)
	.venv/bin/mypy
	@set -x; for file in $(EXECUTABLES); do .venv/bin/mypy $$file || exit; done

layers: venv ## who may import whom (import-linter)
	.venv/bin/lint-imports --no-cache

files: ## write docs/files.md and files-sandbox.md: every file in a line, by its own docstring
	$(PYTHON) scripts/file_list.py

fmt: venv ## format, and repair what ruff can repair
	.venv/bin/ruff format
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

docs: build/docs-venv/stamp ## the site of docs/ in both languages, strictly, into build/docs (what builds it is fetched once)
	@rm -rf build/docs
	build/docs-venv/bin/python -m sphinx -W --keep-going --quiet -b html docs build/docs </dev/null
	build/docs-venv/bin/python -m sphinx -W --keep-going --quiet -b html docs/ru build/docs/ru </dev/null
	@rm -rf build/docs/.doctrees build/docs/ru/.doctrees
	@echo "build/docs/index.html, build/docs/ru/index.html"

build/docs-venv/stamp: scripts/docs.txt
	@scripts/prerequisites.sh python
	$(PYTHON) -m venv build/docs-venv
	build/docs-venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --requirement scripts/docs.txt
	@touch $@

lock: venv ## write requirements.txt anew: versions and hashes of all that runs beside the panel
	.venv/bin/python scripts/lock.py

sbom: ## what an installation holds, as CycloneDX JSON (build/sbom.json)
	@mkdir -p build
	$(PYTHON) scripts/sbom.py >build/sbom.json

packages: venv ## .deb and .rpm files with their SHA-256 sums in build/packages (SOURCE_DATE_EPOCH=, ARGS='--arch amd64 --format deb')
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[packages]'
	.venv/bin/python -m scripts.build_packages $(ARGS)

test-packages: venv ## install the packages into roots of Debian 11, 12 and 13 (as root; 15 minutes; ARGS= for pytest)
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[packages]'
	.venv/bin/python -m pytest -p no:xdist -rP tests/packages/on_debian.py $(ARGS)

install: ## put the add-on into a panel's tree (PREFIX=, CRONDIR=, LOGROTATEDIR=, WHEELS= for hosts without network)
	@scripts/install.sh install

uninstall: ## take it out again; tables are kept (PREFIX=, CRONDIR=, LOGROTATEDIR=)
	@scripts/install.sh uninstall

clean: ## remove .venv and everything that was built
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
