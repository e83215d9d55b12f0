# tools/install.mk: `make install` and `make uninstall`. PREFIX is where the files will live, DESTDIR a root to stage them
# under; LIBDIR, INCLUDEDIR, BINDIR and DATADIR may be set apart. Included by the Makefile.

BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share
CMAKEDIR := $(LIBDIR)/cmake/emily
INSTALL ?= install

PUBLIC_HEADERS := $(sort $(wildcard include/emily/*.h))
COMPLETIONS := $(DATADIR)/bash-completion/completions/emily $(DATADIR)/zsh/site-functions/_emily \
  $(DATADIR)/fish/vendor_completions.d/emily.fish

# Every file that `install` writes: `uninstall` takes the same list.
INSTALLED := $(BINDIR)/emily $(LIBDIR)/libemily.a $(LIBDIR)/libemily.so $(LIBDIR)/libemily.so.$(ABI) \
  $(LIBDIR)/libemily.so.$(VERSION) $(LIBDIR)/pkgconfig/emily.pc $(CMAKEDIR)/emilyConfig.cmake \
  $(CMAKEDIR)/emilyConfigVersion.cmake $(PUBLIC_HEADERS:include/%=$(INCLUDEDIR)/%) $(DATADIR)/man/man1/emily.1 $(COMPLETIONS)

FILL := sed -e 's|@VERSION@|$(VERSION)|g' -e 's|@ABI@|$(ABI)|g' -e 's|@PREFIX@|$(PREFIX)|g' -e 's|@LIBDIR@|$(LIBDIR)|g' \
  -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|g'

.PHONY: install uninstall
install: all ## install library, headers, command, man page and completions under PREFIX
	$(Q)$(INSTALL) -d $(sort $(dir $(addprefix $(DESTDIR),$(INSTALLED))))
	$(Q)$(INSTALL) -m 755 $(BUILD)/emily $(DESTDIR)$(BINDIR)/emily
	$(Q)$(INSTALL) -m 644 $(BUILD)/libemily.a $(DESTDIR)$(LIBDIR)/libemily.a
	$(Q)$(INSTALL) -m 755 $(BUILD)/libemily.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libemily.so.$(VERSION)
	$(Q)ln -sf libemily.so.$(VERSION) $(DESTDIR)$(LIBDIR)/libemily.so.$(ABI)
	$(Q)ln -sf libemily.so.$(ABI) $(DESTDIR)$(LIBDIR)/libemily.so
	$(Q)$(INSTALL) -m 644 $(PUBLIC_HEADERS) $(DESTDIR)$(INCLUDEDIR)/emily/
	$(Q)$(FILL) tools/install/emily.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/emily.pc
	$(Q)$(FILL) tools/install/emilyConfig.cmake.in >$(DESTDIR)$(CMAKEDIR)/emilyConfig.cmake
	$(Q)$(FILL) tools/install/emilyConfigVersion.cmake.in >$(DESTDIR)$(CMAKEDIR)/emilyConfigVersion.cmake
	$(Q)$(FILL) docs/emily.1 >$(DESTDIR)$(DATADIR)/man/man1/emily.1
	$(Q)$(INSTALL) -m 644 tools/completions/emily.bash $(DESTDIR)$(word 1,$(COMPLETIONS))
	$(Q)$(INSTALL) -m 644 tools/completions/_emily $(DESTDIR)$(word 2,$(COMPLETIONS))
	$(Q)$(INSTALL) -m 644 tools/completions/emily.fish $(DESTDIR)$(word 3,$(COMPLETIONS))
	$(Q)chmod 644 $(addprefix $(DESTDIR),$(filter %.pc %.cmake %.1,$(INSTALLED)))

uninstall: ## remove what install wrote
	$(Q)rm -f $(addprefix $(DESTDIR),$(INSTALLED))
	$(Q)rmdir $(DESTDIR)$(INCLUDEDIR)/emily $(DESTDIR)$(CMAKEDIR) 2>/dev/null || true
