# The recording side: filter, plan, engines, frames, the recorder.
libfdbgcore_a_SOURCES += \
	src/trace/announce.c src/trace/announce.h \
	src/trace/callers.c src/trace/callers.h src/trace/callers_follow.c src/trace/callers_internal.h src/trace/callers_types.c \
	src/trace/engine.h \
	src/trace/selector.c src/trace/selector.h \
	src/trace/frames.c src/trace/frames.h \
	src/trace/heap.c src/trace/heap.h \
	src/trace/heap_calls.c src/trace/heap_calls.h \
	src/trace/heap_owner.c \
	src/trace/heap_plan.c \
	src/trace/heap_walk.c src/trace/heap_walk.h \
	src/trace/identity.c src/trace/identity.h \
	src/trace/limits.c src/trace/limits.h \
	src/trace/mend.c src/trace/mend.h \
	src/trace/panics.c src/trace/panics.h \
	src/trace/places.c src/trace/places.h \
	src/trace/plan.c src/trace/plan.h src/trace/plan_internal.h src/trace/plan_returns.c \
	src/trace/plan_windows.c \
	src/trace/polls.c src/trace/polls.h \
	src/trace/recorder.c src/trace/recorder.h src/trace/recorder_internal.h \
	src/trace/recorder_jump.c src/trace/recorder_leave.c \
	src/trace/recorder_values.c \
	src/trace/result_place.c src/trace/result_place.h \
	src/trace/scratch.c src/trace/scratch.h \
	src/trace/convention.c src/trace/convention.h \
	src/trace/inlines.c src/trace/inlines.h \
	src/trace/merged.c src/trace/merged.h \
	src/trace/optimized.c src/trace/optimized.h \
	src/trace/sources.c src/trace/sources.h src/trace/sources_optimized.c \
	src/trace/stop_engine.c src/trace/stop_internal.h \
	src/trace/stop_moment.c \
	src/trace/stop_resume.c \
	src/trace/unwinder.c src/trace/unwinder.h
