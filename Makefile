# SPDX-License-Identifier: GPL-2.0-or-later
#
# Short names for the common tasks; meson and ninja do the building, scripts/ the rest.

BUILD ?= build
# For configure, when the build folder is made: CONFIGURE_OPTIONS=--werror, --sanitize, ...
CONFIGURE_OPTIONS ?=

.PHONY: all build run check check-long bench dependencies clean
all: build

# On Debian as root this installs what is missing; elsewhere it says what to install.
dependencies:
	@scripts/install-dependencies build option

$(BUILD)/build.ninja: | dependencies
	./configure --builddir=$(BUILD) $(CONFIGURE_OPTIONS)

build: $(BUILD)/build.ninja
	ninja -C $(BUILD)

run: build
	scripts/run-debian-installer $(BUILD)/gossamer-system-ppc64

check: build
	scripts/install-dependencies build test
	scripts/check --build $(BUILD)

check-long: build
	scripts/install-dependencies build test
	scripts/check --build $(BUILD) --long

bench: build
	scripts/install-dependencies build test bench
	bench/bench --build $(BUILD)

clean:
	rm -rf $(BUILD)
