# make table   set-up, then the main job on real data
# make test    set-up, then the test suite
# make test-fast    what is quick of it, two minutes on two cores
# make test-oldest  the same on the oldest versions that pyproject.toml allows
# make bench   set-up of the peers too, then times ours against them
# make growth  time and memory of a step against seeds, tasks, size
# make results     the pages of docs/results that are stale and take less than
#                  ten minutes; ARGS=--under=60 for less
# make faults  hours of kills, failing writes and damaged files, and their page;
#              ARGS=--campaigns=kills for one campaign, it goes on after Ctrl-C
# make docs    set-up of Sphinx too, then the site, docs/_build/html/index.html
# make notebooks   runs docs/notebooks and stores what they show
# make install-check   the quick start in an empty environment and folder
# make lock    the hashes in locks/ anew, after an edit of a requirements file
# Set-up is made once; `make clean` undoes it.

PYTHON ?= python3
BIN := .venv/bin
OUT ?= out/actg175
FEW ?= out/actg175_scarce
TEST := python -m pytest -n 2 --durations=20
# Only files whose hash is in a lock are installed. What has no wheel is built
# with the locked setuptools: pip would fetch another one without its hash.
INSTALL := -m pip install --quiet --require-hashes --no-build-isolation \
  --requirement
OWN := -m pip install --quiet --no-deps --no-build-isolation --editable .
LOCK := .venv-lock/bin/uv pip compile --quiet --generate-hashes --no-annotate \
  --custom-compile-command 'make lock'
SCHEMES := hard,soft_l2,soft_trace,cross_stitch,mmoe

.PHONY: table test test-fast test-oldest bench growth results faults docs \
  notebooks install-check lock lint data setup clean

table: .venv/.table-data
	$(BIN)/python -m experiments.compare --config=configs/actg175_scarce.py \
	  --schemes=$(SCHEMES) --workdir=$(FEW)
	$(BIN)/python -m experiments.compare --config=configs/actg175.py \
	  --schemes=$(SCHEMES) --workdir=$(OUT)

test: data
	$(BIN)/$(TEST) $(ARGS)

test-fast: data
	$(BIN)/$(TEST) -m 'not slow' $(ARGS)

test-oldest: data .venv-oldest/.ready
	.venv-oldest/bin/$(TEST) -m 'not slow' $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: .venv/.table-data .venv-bench/.ready
	$(BIN)/python -m benchmarks.speed $(ARGS)

growth: .venv/.table-data
	$(BIN)/python -m benchmarks.growth $(ARGS)

results: .venv/.table-data
	$(BIN)/python -m experiments.results --make --under=600 $(ARGS)

faults: data
	$(BIN)/python -m tests.faults $(ARGS)

docs: .venv/.docs
	@rm -rf docs/_api  # a page of a module that is gone would end the build
	JAX_PLATFORMS=cpu $(BIN)/python -m sphinx --fail-on-warning --keep-going \
	  --quiet --builder html docs docs/_build/html $(ARGS)
	@echo docs/_build/html/index.html

notebooks: .venv/.table-data
	$(BIN)/python docs/notebooks/run.py $(ARGS)

install-check:
	$(PYTHON) tests/install_check.py $(ARGS)

setup: .venv/.ready

data: .venv/.data

.venv/.ready: locks/build.lock locks/requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	  "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python $(INSTALL) locks/build.lock
	$(BIN)/python $(INSTALL) locks/requirements.lock
	$(BIN)/python $(OWN)
	@touch $@

.venv/.table-data: .venv/.ready
	$(BIN)/python -m mtl_jax.data.files actg175
	@touch $@

.venv/.data: .venv/.ready mtl_jax/data/raw/pinned.py
	$(BIN)/python -m mtl_jax.data.files
	@touch $@

.venv-oldest/.ready: locks/build.lock locks/requirements-oldest.lock
	$(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/python $(INSTALL) locks/build.lock
	.venv-oldest/bin/python $(INSTALL) locks/requirements-oldest.lock
	.venv-oldest/bin/python $(OWN)
	@touch $@

.venv/.docs: .venv/.ready locks/requirements-docs.lock
	$(BIN)/python $(INSTALL) locks/requirements-docs.lock
	@touch $@

# Versions stay as they are in the locks, unless ARGS=--upgrade.
lock: .venv-lock/.ready
	$(LOCK) --universal --python-version 3.11 locks/uv.txt \
	  --output-file locks/uv.lock
	$(LOCK) --universal --python-version 3.11 locks/build.txt \
	  --output-file locks/build.lock
	$(LOCK) --universal --python-version 3.11 requirements.txt \
	  --output-file locks/requirements.lock $(ARGS)
	$(LOCK) --universal --python-version 3.11.5 requirements-docs.txt \
	  --constraint requirements.txt \
	  --output-file locks/requirements-docs.lock $(ARGS)
	$(LOCK) --python-version 3.11 requirements-oldest.txt \
	  --output-file locks/requirements-oldest.lock $(ARGS)

.venv-lock/.ready: locks/uv.lock
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python $(INSTALL) locks/uv.lock
	@touch $@

# LibMTL asks for torchvision, whose function it imports is gone: no deps.
.venv-bench/.ready: benchmarks/requirements.txt benchmarks/libmtl.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --requirement $<
	.venv-bench/bin/python -m pip install --quiet --no-deps \
	  --requirement benchmarks/libmtl.txt
	@touch $@

clean:
	rm -rf .venv .venv-bench .venv-lock .venv-oldest
