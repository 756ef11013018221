# csk: `make help` tells the targets. `make up` and `make test` need nothing prepared.

SHELL := /bin/sh
.DEFAULT_GOAL := help

PYTHON ?= python3
CSK_HOME ?= $(HOME)/.csk
CLUSTER ?= clusters/demo.yml
UPGRADE := 1.37.2
# The tests' own ledger and clusters; artifacts are shared with the user's, so that they aren't built twice.
CSK_TEST_HOME ?= $(CURDIR)/build/test/home

BIN := $(CURDIR)/.venv/bin
PLAYBOOK := $(BIN)/ansible-playbook
INSTALLED := $(CURDIR)/build/collections
IN_VENV := PATH="$(BIN):$$PATH"
GO_CACHE = $(if $(GO_CACHE_KEPT),-e artifacts_go_cache_dir="$(GO_CACHE_KEPT)")
REMOVE_GO_CACHE = flock --nonblock "$(CSK_HOME)/artifacts/lock" rm -rf "$(GO_CACHE_KEPT)" || :
ON_TEST_HOME := $(IN_VENV) CSK_HOME=$(CSK_TEST_HOME) ANSIBLE_COLLECTIONS_PATH=$(INSTALLED)

export CSK_HOME

.PHONY: up down artifacts release node-tree test lint units sanity lifetime life soak bench bench-against prepare venv collection machine test-packages test-home clean help

up: artifacts ## Make the demo cluster on this machine, with all that it needs
	$(PLAYBOOK) csk.kubernetes.create -e @$(CLUSTER)

down: prepare ## Delete the demo cluster
	$(PLAYBOOK) csk.kubernetes.delete -e @$(CLUSTER) -e 'csk_confirm={{ csk_cluster.name }}'

artifacts: prepare ## Obtain the binaries and images of the demo cluster's release, and the node image
	@# The Debian tree of the nodes needs nothing of the release, so both cores have work.
	@$(MAKE) --no-print-directory -j2 release node-tree
	$(PLAYBOOK) csk.kubernetes.node_image -e @$(CLUSTER)

release:
	$(PLAYBOOK) csk.kubernetes.artifacts -e @$(CLUSTER) $(GO_CACHE)

node-tree:
	@$(PLAYBOOK) csk.kubernetes.node_image_base -e @$(CLUSTER) > build/node-tree.log 2>&1 || { cat build/node-tree.log; exit 1; }

test: test-packages prepare ## Run every check and test, against a real cluster too
	@$(BIN)/python tools/run_steps.py lint+units+sanity lifetime

lint: collection ## Run the static checks
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/yamllint --strict .
	git grep -lz '^#!.*sh$$' -- ':!*.j2' ':!*.md' ':!*.py' | xargs -0 $(BIN)/shellcheck
	$(BIN)/antsibull-changelog lint
	$(IN_VENV) ansible-lint --profile production --offline

units: test-packages collection ## Run the unit tests, on the installed collection, and those of the tools
	$(BIN)/python tools/ansible_test.py units
	cd tools && $(BIN)/python -m pytest tests

sanity: collection ## Run ansible-test sanity, on the installed collection
	$(BIN)/python tools/ansible_test.py sanity

lifetime: test-home ## Run one cluster's life: create, use, scale, upgrade, restore, delete
	$(ON_TEST_HOME) pytest tests/life

# With CHECKS nothing is obtained or swept away: the cluster of the last `make life` is looked at.
life: $(if $(CHECKS),collection,test-home) ## The same without the end; CHECKS="-k nodeport" then runs some checks alone on it
	$(ON_TEST_HOME) CSK_LIFE_KEEP=1 pytest $(or $(CHECKS),tests/life)

# All suites that haven't passed on this commit, or SUITE=name; fresh makes for itself what it needs.
soak: $(if $(filter list,$(SUITE)),,test-packages $(if $(SUITE),$(if $(filter-out fresh,$(SUITE)),test-home,collection),test-home)) ## Run the long series: kills, losses ...; SUITE=list names its parts
	@$(ON_TEST_HOME) CSK_USER_HOME="$(CSK_HOME)" $(PYTHON) tools/run_soak.py $(SUITE)

bench: test-home ## Measure creation and an upgrade beside kubeadm in sequence, scaling, and the ledger as it grows
	$(ON_TEST_HOME) python tests/bench/create.py roles/network/templates/flannel.yml.j2 build/bench/create.json
	$(ON_TEST_HOME) python tests/bench/scale.py build/bench/scale.json
	$(ON_TEST_HOME) python tests/bench/ledger.py build/bench/ledger.json
	$(ON_TEST_HOME) python tests/bench/upgrade.py build/bench/upgrade.json

# AGAINST=COMMIT measures today's collection beside that of a commit.
bench-against: test-home
	$(ON_TEST_HOME) python tests/bench/against.py "$$($(BIN)/python tools/earlier.py $(AGAINST))" 3 build/bench/against.json

prepare: machine collection

machine:
	@sh tools/install_packages.sh $(PYTHON)
	@$(PYTHON) tools/start_engine.py

# The ledger's unit tests run on PostgreSQL too where it is there.
test-packages:
	@sh tools/install_packages.sh $(PYTHON) postgresql

venv: machine
	@$(PYTHON) tools/make_venv.py

collection: venv ## Build the collection and install it for use in this checkout
	@$(BIN)/python tools/build_collection.py

# The tests upgrade the demo cluster's release to this one. Where both are built from modules, the second one finds what Go
# kept of the first, but on a small disk: it is 26 GB after both. It goes at the end, unless another run builds with it.
test-home: export GO_CACHE_KEPT = $(CSK_HOME)/cache/go
test-home: artifacts
	@[ "$$(df -Pk "$(CSK_HOME)" | awk 'END {print $$4}')" -gt 30000000 ] || $(REMOVE_GO_CACHE)
	$(PLAYBOOK) csk.kubernetes.artifacts csk.kubernetes.node_image -e csk_version=$(UPGRADE) $(GO_CACHE)
	@$(REMOVE_GO_CACHE)
	@CSK_TEST_HOME=$(CSK_TEST_HOME) $(BIN)/python tools/sweep_tests.py

clean: ## Remove .venv and build; clusters and artifacts stay
	rm -rf .venv build

help: ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
