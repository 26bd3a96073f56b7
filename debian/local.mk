# The Debian package. `make deb` builds it, without root, from what `make dist` packs; it is then in deb/ of the build folder.
# NOCHECK= (empty) runs the tests in there, too.
EXTRA_DIST += \
	debian/changelog \
	debian/control \
	debian/copyright \
	debian/fdbg.install \
	debian/libfdbg-dev.examples \
	debian/libfdbg-dev.install \
	debian/libfdbg0.install \
	debian/not-installed \
	debian/rules \
	debian/source/format
NOCHECK = nocheck
deb: dist
	@command -v dpkg-buildpackage >/dev/null && command -v dh >/dev/null || \
		{ echo "make deb takes the Debian packages dpkg-dev and debhelper" >&2; exit 1; }
	rm -rf deb
	$(MKDIR_P) deb
	xz -dc $(distdir).tar.xz | (cd deb && tar xf -)
	cd deb/$(distdir) && unset MAKEFLAGS MFLAGS && \
		DEB_BUILD_OPTIONS="$${DEB_BUILD_OPTIONS:+$$DEB_BUILD_OPTIONS }$(NOCHECK)" \
		DEB_BUILD_PROFILES="$${DEB_BUILD_PROFILES:+$$DEB_BUILD_PROFILES }$(NOCHECK)" \
		dpkg-buildpackage -us -uc -b
	rm -rf deb/$(distdir)
	@ls deb/*.deb
clean-local: deb-clean
deb-clean:
	rm -rf deb
.PHONY: deb deb-clean
