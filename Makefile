# The package without a ROS installation: everything lives in .venv in this folder.
#
#   make demo               a recording drives the node, scored, in three minutes from nothing
#   make test               build and run all tests
#   make venv               only what the node, the demo and replay need (no torch)
#   make venv-dev           everything: training, reports, tests
#
# make demo takes BAG= (your recording), TOPIC=, TRUTH= (mask topic), MODEL=, OUT=.

SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.11 python3.12 python3; do \
	$$p -c '' >/dev/null 2>&1 && { echo $$p; break; }; done)
VENV := .venv
# What pip says is shown only when it fails.
define pip_install
	@$(VENV)/bin/python -m pip --disable-pip-version-check install --quiet \
		-c requirements/constraints.txt $(1) 2>$(VENV)/pip.log || { cat $(VENV)/pip.log; exit 1; }
endef
# A sourced ROS installation would put its own packages before those of the virtual environment.
unexport PYTHONPATH AMENT_PREFIX_PATH LD_LIBRARY_PATH ROS_DISTRO ROS_VERSION
OUT ?= out/demo
, := ,
RUNTIME_STAMP := $(VENV)/.runtime-installed
DEV_STAMP := $(VENV)/.dev-installed

.PHONY: help venv venv-dev demo build test lint clean

help:
	@sed -n '2,/^$$/s/^# \{0,1\}//p' Makefile

venv: $(RUNTIME_STAMP)

venv-dev: $(DEV_STAMP)

$(VENV)/bin/python:
	@$(PYTHON) requirements/check_machine.py 1.2
	@echo "[venv] making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

$(RUNTIME_STAMP): setup.py requirements/constraints.txt | $(VENV)/bin/python
	@echo '[venv] installing the run-time set: ROS 2 from PyPI, OpenVINO, OpenCV, rosbags (about 850 MB installed)'
	$(call pip_install,-e '.[ros$(,)headless$(,)openvino$(,)recordings]')
	@# Its dependencies would replace sensor_msgs by the ROS 1 package of that name.
	$(call pip_install,--no-deps cv-bridge)
	@touch $@

$(DEV_STAMP): $(RUNTIME_STAMP)
	@test -e $@ || $(VENV)/bin/python requirements/check_machine.py 6
	@echo '[venv] installing training, reports and tests (about 6 GB installed)'
	$(call pip_install,-e '.[ros$(,)headless$(,)openvino$(,)onnxruntime$(,)recordings$(,)train$(,)report$(,)cluster$(,)test]')
	@touch $@

demo: venv
	@$(VENV)/bin/python -m lane_perception.cli.demo --out '$(OUT)' \
		$(if $(BAG),--bag '$(BAG)') $(if $(TOPIC),--topic '$(TOPIC)') \
		$(if $(TRUTH),--truth-topic '$(TRUTH)') $(if $(MODEL),--model '$(MODEL)')

build: venv-dev
	@. $(VENV)/bin/activate && export AMENT_PREFIX_PATH=$$VIRTUAL_ENV && \
		colcon build --paths . --event-handlers console_stderr-

test: build
	@. $(VENV)/bin/activate && export AMENT_PREFIX_PATH=$$VIRTUAL_ENV && \
		. install/setup.bash && python -m pytest test $(PYTEST) 2>&1

lint: venv-dev
	@$(VENV)/bin/python -m pytest -q test/test_style.py

clean:
	rm -rf build install log
