/* targets.h - every target; replay.c fails if a file fuzz_NAME.c is not among them. */
#ifndef REFGATE_TESTS_FUZZ_TARGETS_H
#define REFGATE_TESTS_FUZZ_TARGETS_H

#define FUZZ_TARGETS(X)   \
    X(fuzz_access_log)    \
    X(fuzz_alternates)    \
    X(fuzz_approval)      \
    X(fuzz_audit)         \
    X(fuzz_client_answer) \
    X(fuzz_commit)        \
    X(fuzz_config)        \
    X(fuzz_decode)        \
    X(fuzz_environment)   \
    X(fuzz_history)       \
    X(fuzz_hook)          \
    X(fuzz_location)      \
    X(fuzz_objects)       \
    X(fuzz_patterns)      \
    X(fuzz_properties)    \
    X(fuzz_recording)     \
    X(fuzz_redact)        \
    X(fuzz_registry)      \
    X(fuzz_replay)        \
    X(fuzz_snapshot)      \
    X(fuzz_survey)        \
    X(fuzz_times)         \
    X(fuzz_updates)

#endif
