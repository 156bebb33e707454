# What one does with a checkout. `make help` lists the targets.
#
# Building is for whoever owns the checkout; `make install` only copies what `make` has built, so
# that no compiler runs as root.

PREFIX     ?= /usr/local
SYSCONFDIR ?= /etc
BINDIR     ?= $(PREFIX)/bin
SBINDIR    ?= $(PREFIX)/sbin
DATADIR    ?= $(PREFIX)/share
DOCDIR     ?= $(DATADIR)/doc/twinlock
UNITDIR    ?= $(PREFIX)/lib/systemd/system
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
MANDIR     ?= $(DATADIR)/man
BASHDIR    ?= $(DATADIR)/bash-completion/completions
ZSHDIR     ?= $(DATADIR)/zsh/site-functions
FISHDIR    ?= $(DATADIR)/fish/vendor_completions.d
LIBEXECDIR ?= $(PREFIX)/libexec/twinlock
# dbus-daemon reads policy in two places only, whatever the prefix.
BUSPOLICYDIR ?= $(if $(filter /usr,$(PREFIX)),/usr/share,$(SYSCONFDIR))/dbus-1/system.d
# polkit reads actions in one place only, whatever the prefix.
POLKITDIR ?= /usr/share/polkit-1/actions
# libpam looks for modules in one directory only; it is where its own are.
PAMDIR ?= $(patsubst %/pam_permit.so,%,$(firstword $(wildcard \
	/usr/lib/$(shell cc -print-multiarch 2>/dev/null)/security/pam_permit.so \
	/usr/lib64/security/pam_permit.so /usr/lib/security/pam_permit.so)))

UNITS      := $(notdir $(wildcard packaging/systemd/*.service packaging/systemd/*.socket))
INTERFACES := $(notdir $(wildcard packaging/dbus/interfaces/*.xml))

CARGO      ?= cargo
TARGET     := $(or $(CARGO_TARGET_DIR),target)
INTERACTIVE ?=

# The end-to-end tests, the demo and the benchmark make name spaces of their own, for which they
# are root; what they are built with and from stays with the user.
ifneq ($(shell id -u),0)
RUNNER := CARGO_TARGET_$(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')_RUNNER="sudo -E --"
endif

.PHONY: build help demo test test-installed lint check bench deb rpm reproducible install uninstall clean
.DEFAULT_GOAL := build

# For packages: where it was built shows in no file, and two builds give the same bytes. What
# packaging tools want of a C compiler names directories, and differs from one to the other, as does
# the time of their change logs, which no program here shows; a crate with some C in it would be
# compiled anew for each.
ifdef REPRODUCIBLE
unexport CFLAGS CXXFLAGS CPPFLAGS LDFLAGS SOURCE_DATE_EPOCH
build: export RUSTFLAGS += --remap-path-prefix=$(CURDIR)=. \
	--remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=cargo
endif

build: ## build the module, the daemon and the command, optimised
	$(CARGO) build --locked --release -p twinlock-service -p twinlock-cli
	$(CARGO) build --locked --profile module -p pam_twinlock

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: ## log in over SSH with a code, on a private stack; INTERACTIVE=1 leaves it running
	@scripts/install-deps build test
	@$(CARGO) build --locked -p pam_twinlock
	@$(CARGO) build --locked -p twinlock-service -p twinlock-cli
	@$(CARGO) build --locked -p twinlock-tests
	@$(RUNNER) $(CARGO) run --quiet --locked -p twinlock-tests --bin demo -- $(if $(filter-out 0,$(INTERACTIVE)),--interactive)

test: ## every check and every test
	@scripts/install-deps build test
	$(MAKE) --no-print-directory lint
	$(CARGO) test --locked -p pam_twinlock -- --include-ignored
	$(CARGO) build --locked --workspace --exclude pam_twinlock
	$(RUNNER) $(CARGO) test --locked --workspace --exclude pam_twinlock
	@$(MAKE) --no-print-directory test-installed

test-installed: ## the packages on whole machines, in containers of systemd-nspawn
	@scripts/install-deps build test package rpm boot
	$(RUNNER) scripts/test-installed

lint:
	$(CARGO) fmt --all --check
	scripts/check-packaging
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

check: lint ## formatting, lints, packaging files, licences of the dependencies
	@if $(CARGO) deny --version >/dev/null 2>&1; then \
		$(CARGO) fetch --quiet --locked && $(CARGO) deny --offline --locked check --hide-inclusion-graph bans licenses sources; \
	else \
		echo 'make check: cargo-deny is not installed; licences and sources of the dependencies were not checked.'; \
	fi

bench: ## what a login costs, beside other modules
	@scripts/install-deps build test
	@$(CARGO) build --locked --profile module -p pam_twinlock
	@$(CARGO) build --locked --release -p twinlock-service -p twinlock-cli
	@$(CARGO) build --locked --release -p twinlock-tests
	@$(RUNNER) $(CARGO) run --quiet --locked --release -p twinlock-tests --bin bench
	@echo && echo 'The policy, which decides once or twice in each login:'
	@$(CARGO) run --quiet --locked --release -p twinlock-core --example policy_figures

deb: ## a Debian package, in dist/
	@scripts/install-deps build package
	scripts/build-deb

rpm: ## an RPM package, in dist/
	@scripts/install-deps build rpm
	scripts/build-rpm

reproducible: ## build both packages twice, in two places, and compare the bytes
	@scripts/install-deps build package rpm
	scripts/check-reproducible

install: ## copy what `make` has built to DESTDIR and PREFIX
	@test -x $(TARGET)/release/twinlockd -a -x $(TARGET)/release/twinlock -a -f $(TARGET)/module/libpam_twinlock.so || \
		{ echo "make install: nothing is built yet; run 'make' first." >&2; exit 1; }
	@test -n "$(PAMDIR)" || \
		{ echo "make install: no directory of PAM modules was found; give it as PAMDIR=." >&2; exit 1; }
	# Never written over in place: a program that has the old file mapped would crash.
	install -D -m 0644 $(TARGET)/module/libpam_twinlock.so $(DESTDIR)$(PAMDIR)/.pam_twinlock.so.new
	mv -f $(DESTDIR)$(PAMDIR)/.pam_twinlock.so.new $(DESTDIR)$(PAMDIR)/pam_twinlock.so
	install -D -m 0755 $(TARGET)/release/twinlockd $(DESTDIR)$(SBINDIR)/twinlockd
	install -D -m 0755 $(TARGET)/release/twinlock $(DESTDIR)$(BINDIR)/twinlock
	install -d $(DESTDIR)$(UNITDIR)
	for unit in $(UNITS); do \
		sed -e 's|/usr/sbin/twinlockd|$(SBINDIR)/twinlockd|; s|/usr/bin/twinlock |$(BINDIR)/twinlock |; s|/usr/share/doc/twinlock|$(DOCDIR)|' \
			packaging/systemd/$$unit > $(DESTDIR)$(UNITDIR)/$$unit && \
		chmod 0644 $(DESTDIR)$(UNITDIR)/$$unit || exit 1; \
	done
	install -D -m 0755 packaging/leave-pam $(DESTDIR)$(LIBEXECDIR)/leave-pam
	install -D -m 0644 packaging/sysusers.d/twinlock.conf $(DESTDIR)$(SYSUSERSDIR)/twinlock.conf
	install -D -m 0644 packaging/dbus/org.twinlock1.conf $(DESTDIR)$(BUSPOLICYDIR)/org.twinlock1.conf
	install -D -m 0644 packaging/dbus/org.twinlock1.service $(DESTDIR)$(DATADIR)/dbus-1/system-services/org.twinlock1.service
	install -D -m 0644 packaging/polkit/org.twinlock1.policy $(DESTDIR)$(POLKITDIR)/org.twinlock1.policy
	install -d $(DESTDIR)$(DATADIR)/dbus-1/interfaces $(DESTDIR)$(DOCDIR)/examples/pam/fedora
	install -m 0644 packaging/dbus/interfaces/*.xml $(DESTDIR)$(DATADIR)/dbus-1/interfaces/
	install -m 0644 $(filter-out packaging/pam/fedora,$(wildcard packaging/pam/*)) $(DESTDIR)$(DOCDIR)/examples/pam/
	install -m 0644 packaging/pam/fedora/* $(DESTDIR)$(DOCDIR)/examples/pam/fedora/
	install -m 0644 README.md ARCHITECTURE.md SECURITY.md $(DESTDIR)$(DOCDIR)/
	install -d $(DESTDIR)$(DATADIR)/twinlock/templates
	install -m 0644 config/templates/* $(DESTDIR)$(DATADIR)/twinlock/templates/
	install -D -m 0644 packaging/fail2ban/filter.d/twinlock.conf $(DESTDIR)$(SYSCONFDIR)/fail2ban/filter.d/twinlock.conf
	install -d $(DESTDIR)$(MANDIR)/man5 $(DESTDIR)$(MANDIR)/man8
	install -m 0644 packaging/man/*.5 $(DESTDIR)$(MANDIR)/man5/
	install -m 0644 packaging/man/*.8 $(DESTDIR)$(MANDIR)/man8/
	install -d $(DESTDIR)$(BASHDIR) $(DESTDIR)$(ZSHDIR) $(DESTDIR)$(FISHDIR)
	$(TARGET)/release/twinlock completions bash > $(DESTDIR)$(BASHDIR)/twinlock
	$(TARGET)/release/twinlock completions zsh > $(DESTDIR)$(ZSHDIR)/_twinlock
	$(TARGET)/release/twinlock completions fish > $(DESTDIR)$(FISHDIR)/twinlock.fish
	chmod 0644 $(DESTDIR)$(BASHDIR)/twinlock $(DESTDIR)$(ZSHDIR)/_twinlock $(DESTDIR)$(FISHDIR)/twinlock.fish
	install -d -m 0755 $(DESTDIR)$(SYSCONFDIR)/twinlock/conf.d $(DESTDIR)$(SYSCONFDIR)/twinlock/templates
	# An administrator's configuration stays.
	test -e $(DESTDIR)$(SYSCONFDIR)/twinlock/twinlock.toml || \
		install -m 0644 config/defaults/twinlock.toml $(DESTDIR)$(SYSCONFDIR)/twinlock/twinlock.toml

uninstall: ## take away what `make install` copied; configuration, key and store stay
	# A stack that names a module which is gone refuses every login.
	@! grep -rHnE '^[^#]*pam_twinlock\.so' $(DESTDIR)/etc/pam.d $(DESTDIR)/etc/pam.conf 2>/dev/null || \
		{ echo "make uninstall: take these lines out first; with the module gone they would refuse every login." >&2; exit 1; }
	rm -f $(DESTDIR)$(PAMDIR)/pam_twinlock.so $(DESTDIR)$(SBINDIR)/twinlockd $(DESTDIR)$(BINDIR)/twinlock
	rm -f $(addprefix $(DESTDIR)$(UNITDIR)/,$(UNITS))
	rm -rf $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DATADIR)/twinlock
	rm -f $(DESTDIR)$(SYSUSERSDIR)/twinlock.conf $(DESTDIR)$(BUSPOLICYDIR)/org.twinlock1.conf
	rm -f $(DESTDIR)$(DATADIR)/dbus-1/system-services/org.twinlock1.service $(DESTDIR)$(POLKITDIR)/org.twinlock1.policy
	rm -f $(addprefix $(DESTDIR)$(DATADIR)/dbus-1/interfaces/,$(INTERFACES))
	rm -f $(DESTDIR)$(SYSCONFDIR)/fail2ban/filter.d/twinlock.conf
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/,man5/twinlock.toml.5 man8/twinlock.8 man8/twinlockd.8 man8/pam_twinlock.8)
	rm -f $(DESTDIR)$(BASHDIR)/twinlock $(DESTDIR)$(ZSHDIR)/_twinlock $(DESTDIR)$(FISHDIR)/twinlock.fish
	rm -rf $(DESTDIR)$(DOCDIR) $(DESTDIR)$(DATADIR)/twinlock
	@echo 'Left as they are: $(SYSCONFDIR)/twinlock, /var/lib/twinlock and the user twinlock.'

clean: ## remove what was built
	$(CARGO) clean
	rm -rf dist
