# What fdbg comes with.
visualizersdir = $(pkgdatadir)/visualizers
dist_visualizers_DATA = \
	share/visualizers/arrayvec.vis \
	share/visualizers/bytes.vis \
	share/visualizers/chrono.vis \
	share/visualizers/indexmap.vis \
	share/visualizers/rust_decimal.vis \
	share/visualizers/semver.vis \
	share/visualizers/smallvec.vis \
	share/visualizers/uuid.vis

# Completions; the folders are configure's --with-SHELL-completion-dir.
bashcompletiondir = @bashcompletiondir@
dist_bashcompletion_DATA = share/completions/bash/fdbg
zshcompletiondir = @zshcompletiondir@
dist_zshcompletion_DATA = share/completions/zsh/_fdbg
fishcompletiondir = @fishcompletiondir@
dist_fishcompletion_DATA = share/completions/fish/fdbg.fish

# What is read.
dist_doc_DATA = README.md LICENSE LICENSE-MIT LICENSE-APACHE doc/stream.md doc/values.md

# Folders that are ours alone go with what was in them.
uninstall-hook:
	-rmdir "$(DESTDIR)$(visualizersdir)" "$(DESTDIR)$(pkgdatadir)" "$(DESTDIR)$(exampledir)" "$(DESTDIR)$(docdir)" \
		"$(DESTDIR)$(fdbgincludedir)" 2>/dev/null
