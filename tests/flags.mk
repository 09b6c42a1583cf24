# Extra link options of single tests; the Makefile reads this.

# No network: tests/unit/fake_client.c answers.
TEST_LDFLAGS_test_survey     = -Wl,--wrap=client_get -Wl,--wrap=client_account
TEST_LDFLAGS_test_self_check = -Wl,--wrap=client_get -Wl,--wrap=client_account
TEST_LDFLAGS_test_live       = -Wl,--wrap=client_ask -Wl,--wrap=client_wait
TEST_LDFLAGS_test_hook_registry = -Wl,--wrap=client_get -Wl,--wrap=client_account
# What lies at a path is swapped between two steps.
TEST_LDFLAGS_test_swaps = $(patsubst %,-Wl$(comma)--wrap=%,open __open_2 openat lstat fstat fstatat readlink read)
comma := ,

# Memory that runs out: tests/unit/support/failing_memory.h.
FAILING_MEMORY = $(patsubst %,-Wl$(comma)--wrap=%,malloc calloc realloc arena_alloc arena_text arena_printf)
TEST_LDFLAGS_test_decide_memory = $(FAILING_MEMORY)
TEST_LDFLAGS_test_config_memory = $(FAILING_MEMORY)

# A system that fails.
TEST_LDFLAGS_test_config_file = -Wl,--wrap=read -Wl,--wrap=getcwd -Wl,--wrap=file_self_path
# What the history needs fails at each place.
TEST_LDFLAGS_test_history_faults = $(patsubst %,-Wl$(comma)--wrap=%,malloc calloc realloc clock_monotonic_us \
    git_libgit2_init git_odb_new git_odb_open git_odb_add_disk_alternate git_repository_open_ext git_odb_read \
    git_odb_read_header git_odb_exists_ext git_reference_lookup git_reference_iterator_new git_reference_next)
TEST_LDFLAGS_test_push_faults = $(patsubst %,-Wl$(comma)--wrap=%,getcwd poll read pread getrandom malloc opendir)

# A write that is cut short, a disk that fails, memory that is not there once.
TEST_LDFLAGS_test_faults = -Wl,--wrap=write -Wl,--wrap=lstat -Wl,--wrap=malloc
