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
