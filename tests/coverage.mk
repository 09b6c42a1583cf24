# What scripts/coverage builds (make -f tests/coverage.mk VARIANT=cov O=build/cov): policy/, model/
# and push/ with the compiler's counters, and with them once more the unit tests that are about them.
# All else is the release variant's, so that this takes seconds.
include Makefile

RELEASE     = build/release
COUNTED     := $(call obj,$(filter hook/policy/% hook/model/% hook/push/%,$(CORE_SRC)))
# The tests that name something of these directories, and the programs that they start.
ABOUT_THEM  := $(shell grep -lE '"((policy|model|push)/|support/(scene|posture_case)|config_cases)' $(UNIT_SRC))
STARTED     := tests/helpers/history_probe.c
COVERED     := $(patsubst tests/%.c,$(B)/covered/tests/%,$(ABOUT_THEM))
COVERED_TOO := $(patsubst tests/%.c,$(B)/covered/tests/%,$(STARTED))
released     = $(patsubst %.c,$(RELEASE)/obj/%.o,$(1))

covered: $(COVERED) $(COVERED_TOO)
# What `make` builds first, in the release variant.
released:
	@printf '%s\n' $(patsubst tests/%.c,$(RELEASE)/tests/%,$(ABOUT_THEM) $(STARTED))
.PHONY: covered released

$(COVERED): $(call released,$(UNIT_LIB))
$(COVERED) $(COVERED_TOO): $(B)/covered/%: $(RELEASE)/obj/%.o $(COUNTED) \
                           $(RELEASE)/librefgate-admin.a $(RELEASE)/librefgate.a
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(LINK) $(LDFLAGS) $(TEST_LDFLAGS_$(@F)) -o $@ $(filter %.o,$^) \
	  $(RELEASE)/librefgate-admin.a $(RELEASE)/librefgate.a $(TEST_LIBS)
