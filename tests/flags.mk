# Extra link options of single tests; the Makefile reads this.

# No network: tests/unit/fake_client.c answers.
TEST_LDFLAGS_test_survey     = -Wl,--wrap=client_get -Wl,--wrap=client_account
TEST_LDFLAGS_test_self_check = -Wl,--wrap=client_get -Wl,--wrap=client_account
TEST_LDFLAGS_test_live       = -Wl,--wrap=client_ask -Wl,--wrap=client_wait
TEST_LDFLAGS_test_hook_registry = -Wl,--wrap=client_get -Wl,--wrap=client_account
