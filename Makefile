# `make lab` starts the course, `make test` tests it; both set up .venv first. Only Python ≥ 3.11 is needed.
# In a conda environment made from environment.yml: make test BIN="$CONDA_PREFIX/bin" SETUP=

PYTHON ?= python3
VENV   ?= .venv
BIN    ?= $(VENV)/bin
SETUP  ?= $(VENV)/.ready
LAB    ?= $(VENV)/lab
PEERS  ?= $(VENV)/peers
SITE   ?= $(VENV)/site
LITE   ?= $(VENV)/lite
LITE_TEST ?= $(VENV)/lite-test
COLAB  ?= $(VENV)/colab
HUB    ?= $(VENV)/hub
HUB_PYTHON ?= /usr/bin/python3
STUDENTS ?= 5

# what `make test-site` runs of the site; SITE_LESSONS=all for everything
SITE_LESSONS ?= notebooks/04 exercises/04 solutions/04 questions/04 reference/optimizers/Adam \
    reference/surfaces/rosenbrock reference/schedules/cosine reference/explorers/explore_path

# what `make test-lite` looks at; LITE_TESTS="files words exercise" takes two minutes
LITE_TESTS ?= files words exercise published course

.PHONY: lab test test-code test-notebooks test-slow test-browser test-peers mutations bench lint results pictures \
    exercises questions times slides colab test-colab test-hub test-pyodide figures site serve test-site lite test-lite clean help

help:  ## show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

lab: $(if $(SETUP),$(VENV)/.course)  ## set everything up and open the first lesson in JupyterLab
	JUPYTER_CONFIG_PATH=$(CURDIR)/jupyter $(BIN)/jupyter lab --ServerApp.ip=127.0.0.1 --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb \
	    $(if $(filter 0,$(shell id -u)),--allow-root)

test: lint test-code test-notebooks  ## everything that takes minutes: style, types, library, notebooks

lint: $(SETUP)  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test-code: $(SETUP)  ## the library, with its doctests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 -m "not browser and not slow and not site"

test-notebooks: $(SETUP)  ## every notebook from top to bottom, then every slider and button in it
	$(BIN)/python -m tests.notebooks

test-slow: $(SETUP) $(LAB)/.ready  ## long property runs; misbehaving code in live kernels; the lab kit with nbgrader
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile -m slow --ignore tests/checks/test_nbgrader.py
	$(LAB)/bin/python -m pytest -q -n 2 -m slow tests/checks/test_nbgrader.py

results: $(SETUP)  ## run those comparisons of lessons 12, 14, 15, 17 and 20 that are not in comparing/results yet (15 minutes for all; what is finished stays)
	OMP_NUM_THREADS=1 $(BIN)/python -m course_lib.comparing

pictures: $(SETUP)  ## make the README's pictures from the live figures
	$(BIN)/python docs/make_pictures.py

questions: $(SETUP)  ## check the questions for the lecture hall; their pages and the file for Moodle in build/questions
	$(BIN)/python -m publish.questions
	$(BIN)/python -m publish.questions --pages build/questions

times: $(SETUP)  ## how long lessons and exercises take, and the weeks of the plans in docs/teaching.md
	$(BIN)/python -m publish.teaching

slides: $(SETUP)  ## figures and slides of lessons in build/slides: make slides LESSONS="04 08" FORMAT=pdf
	$(BIN)/python -m publish.slides $(LESSONS) --format $(or $(FORMAT),svg)

figures: $(SETUP)  ## run the lessons and print how large their figures are that move without Python
	OMP_NUM_THREADS=1 $(BIN)/python -m publish.figures

exercises: $(SETUP)  ## make exercises/ from solutions/
	$(BIN)/python -m course_lib.checks.generate

test-browser: $(SETUP)  ## lessons in JupyterLab in a real browser (needs Chromium)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m browser tests/browser

test-peers: $(PEERS)/.ready  ## the bridge to PyTorch and optax, and the table of calls, with those libraries (installs gigabytes)
	OMP_NUM_THREADS=1 $(PEERS)/bin/python -m pytest -q tests/bridge -p no:xdist
	$(PEERS)/bin/python -m tests.traces.check_calls

site: $(SETUP) $(SITE)/.ready  ## the course as a site, in build/site (needs Node.js)
	$(SITE)/bin/python -m publish.site

serve:  ## show build/site at http://127.0.0.1:8000
	$(PYTHON) -m http.server 8000 --bind 127.0.0.1 --directory build/site

test-site: $(SETUP) $(SITE)/.ready  ## build a few lessons of the site and test its pages (needs Node.js and Chromium)
	$(SITE)/bin/python -m publish.site --out build/site-test $(if $(filter all,$(SITE_LESSONS)),,--only $(SITE_LESSONS))
	BUILT_SITE=build/site-test $(SITE)/bin/python -m pytest -q -p no:xdist -m site tests/publish/test_site.py
	$(SITE)/bin/python -m pytest -q -p no:xdist publish/site --ignore publish/site/conf.py

colab: $(SETUP)  ## copies of the notebooks for Google Colab, and the wheel, in build/site/colab (after publish.address)
	$(BIN)/python -m publish.wheel
	$(BIN)/python -m publish.colab

test-colab: $(COLAB)/.ready  ## lessons 00 and 04, exercise 04 and every slider in them with Colab's ipywidgets 7.7.1
	$(COLAB)/bin/python -m tests.notebooks 00_start_here 04_momentum

test-hub: $(HUB)/.ready  ## a class of STUDENTS=5 on a real JupyterHub of this machine (as root; needs Node with npm)
	PYTHONPATH=$(CURDIR) $(HUB)/bin/python -m tests.hub --students $(STUDENTS)

lite: $(LITE)/.ready  ## the course in the browser, without installing: JupyterLite in build/site/lite (needs Node.js; BINARIES=folder)
	$(LITE)/bin/python -m publish.lite $(if $(BINARIES),--binaries $(BINARIES))

test-lite: $(SETUP) $(LITE)/.ready $(LITE_TEST)/.ready  ## both pairs of versions built and looked at in Chromium (LITE_NOTEBOOKS=all: every notebook)
	$(LITE_TEST)/bin/python -m publish.lite --pair test --out build/lite-test
	$(LITE)/bin/python -m publish.lite --out build/lite-publish
	$(BIN)/python -m pytest -q -p no:xdist $(LITE_TESTS:%=tests/publish/lite/test_%.py)

test-pyodide: $(SETUP)  ## the wheel under Pyodide, Python for the browser, in node (downloads 90 MB once)
	$(BIN)/python -m pytest -q -p no:xdist -m browser tests/publish/pyodide

mutations: $(SETUP)  ## break every rule on purpose, one sign or hat at a time, and see it noticed (an hour)
	$(BIN)/python -m tests.mutations

bench: $(SETUP)  ## timings, printed, never judged
	$(BIN)/python -m tests.benchmarks.steps
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.stacked_runs
	$(BIN)/python -m pytest -q tests/benchmarks/bench_optimizers.py --benchmark-enable --benchmark-columns=median,iqr
	$(BIN)/python -m tests.benchmarks.live_latency

clean:  ## remove the environment and everything that was made
	rm -rf $(VENV) *.egg-info build .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks

# what a reader needs; the tests need more. Python compiles what it imports when it first does; to compile all that is
# installed would double the time and add a quarter to the size
$(VENV)/.course: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": set PYTHON=python3.12, say")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --upgrade pip
	$(VENV)/bin/python -m pip install --quiet --no-compile --editable .
	@echo "installed: $$(du -sm $(VENV) | cut -f1) MB in $(VENV)"
	@touch $@

$(VENV)/.ready: $(VENV)/.course
	$(VENV)/bin/python -m pip install --quiet --editable '.[dev,browser]'
	@touch $@

# PyTorch, JAX, optax and Keras, which the course itself does not need
$(PEERS)/.ready: pyproject.toml tests/traces/requirements.txt
	$(BIN)/python -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet torch==2.13.0 --editable '.[dev]'
	$(PEERS)/bin/python -m pip install --quiet --requirement tests/traces/requirements.txt
	$(PEERS)/bin/python -m pip install --quiet --no-deps timm==1.0.31 galore-torch==1.0
	@touch $@

# Sphinx, which makes the site
$(SITE)/.ready: pyproject.toml
	$(BIN)/python -m venv $(SITE)
	$(SITE)/bin/python -m pip install --quiet --editable '.[dev,browser,site]'
	@touch $@

# JupyterLite's builder, in the versions to publish and in those that can be tested offline
$(LITE)/.ready: publish/lite/requirements/publish.txt
	$(PYTHON) -m venv $(LITE)
	$(LITE)/bin/python -m pip install --quiet --requirement $<
	@touch $@

$(LITE_TEST)/.ready: publish/lite/requirements/test.txt
	$(PYTHON) -m venv $(LITE_TEST)
	$(LITE_TEST)/bin/python -m pip install --quiet --requirement $<
	@touch $@

# nbgrader adds itself to every JupyterLab of its environment, so it has one of its own
$(LAB)/.ready: pyproject.toml $(SETUP)
	$(BIN)/python -m venv $(LAB)
	$(LAB)/bin/python -m pip install --quiet --editable '.[dev,lab]'
	@touch $@

# as on a server: the course as a wheel, and a Python that every account of the machine may run (root's own is closed to them)
$(HUB)/.ready: pyproject.toml $(SETUP)
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or newer"; exit 1; }
	$(HUB_PYTHON) -m venv --without-pip $(HUB)
	$(BIN)/python -m pip --python $(HUB)/bin/python install --quiet '.[hub]'
	npm install --silent --no-fund --no-audit --prefix $(HUB) configurable-http-proxy@5.3.0
	@touch $@

# what Colab has, and then what the copies' first cell installs there
$(COLAB)/.ready: pyproject.toml $(SETUP)
	$(BIN)/python -m venv $(COLAB)
	$(COLAB)/bin/python -m pip install --quiet ipywidgets==7.7.1 ipykernel nbformat numpy matplotlib joblib psutil threadpoolctl tqdm packaging \
	    typing_extensions pytest pytest-xdist nbval
	$(COLAB)/bin/python -m pip install --quiet --no-deps anywidget psygnal .
	@touch $@
