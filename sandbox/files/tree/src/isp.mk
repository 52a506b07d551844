# The targets of a plug-in's Makefile that includes this file (platform.md 7.2, additions-2.md f.3), for plain files:
# xml/ goes to etc/xml, dist/ as it is, everything that dist-prepare names is made first. Binary plug-ins (WRAPPER, LIB)
# are not built by a stand-in.

MGR ?= billmgr
BASE ?= @BASE@

.PHONY: all install install-only dist dist-prepare clean localconfig centos-prepare debian-prepare

all: dist-prepare

ifneq ($(strip $(WRAPPER) $(LIB)),)
$(error a stand-in builds no binary plug-ins: $(WRAPPER) $(LIB))
endif

# DISTDIR is given to a make of its own, so that rules for $(DISTDIR)/... read before this file know it.
install: install-only
	$(BASE)/sbin/mgrctl -m $(MGR) exit

install-only:
	$(MAKE) dist DISTDIR=$(BASE)

dist: dist-prepare
	@test -n "$(DISTDIR)" || { echo "dist needs DISTDIR" >&2; exit 1; }
	@if [ -d xml ]; then mkdir -p $(DISTDIR)/etc/xml && cp xml/*.xml $(DISTDIR)/etc/xml/; fi
	@if [ -d dist ]; then mkdir -p $(DISTDIR) && cp -R dist/. $(DISTDIR)/; fi

dist-prepare:

clean:
	@rm -rf .build

localconfig centos-prepare debian-prepare:
	@echo "$@: nothing to prepare"
