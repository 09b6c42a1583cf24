#include "policy/control_frameworks.h"

#include "base/table.h"

/* Trust Services Criteria of 2017: the common criteria, then those of one category each. */
static const struct control_range soc2[] = {
    {"CC1.", 1, 5}, {"CC2.", 1, 3}, {"CC3.", 1, 4}, {"CC4.", 1, 2}, {"CC5.", 1, 3},
    {"CC6.", 1, 8}, {"CC7.", 1, 5}, {"CC8.", 1, 1}, {"CC9.", 1, 2}, {"A1.", 1, 3},
    {"C1.", 1, 2},  {"PI1.", 1, 5}, {"P1.", 1, 1},  {"P2.", 1, 1},  {"P3.", 1, 2},
    {"P4.", 1, 3},  {"P5.", 1, 2},  {"P6.", 1, 7},  {"P7.", 1, 1},  {"P8.", 1, 1},
};

/* Annex A of 2022. */
static const struct control_range iso27001[] = {
    {"A.5.", 1, 37}, {"A.6.", 1, 8}, {"A.7.", 1, 14}, {"A.8.", 1, 34}};

/* Annex A of 2023: each clause begins at 2, since 1 is its objective. */
static const struct control_range iso42001[] = {
    {"A.2.", 2, 4},   {"A.3.", 2, 3}, {"A.4.", 2, 6}, {"A.5.", 2, 5}, {"A.6.1.", 2, 3},
    {"A.6.2.", 2, 8}, {"A.7.", 2, 6}, {"A.8.", 2, 5}, {"A.9.", 2, 4}, {"A.10.", 2, 4},
};

static const struct control_range gdpr[] = {{"", 1, 99}};
static const struct control_range ai_act[] = {{"", 1, 113}};

/* Revision 5, with what its releases 5.1.1 (IA-13) and 5.2.0 (SA-24) added. */
static const struct control_range nist[] = {
    {"AC-", 1, 25}, {"AT-", 1, 6},  {"AU-", 1, 16}, {"CA-", 1, 9},  {"CM-", 1, 14},
    {"CP-", 1, 13}, {"IA-", 1, 13}, {"IR-", 1, 10}, {"MA-", 1, 7},  {"MP-", 1, 8},
    {"PE-", 1, 23}, {"PL-", 1, 11}, {"PM-", 1, 32}, {"PS-", 1, 9},  {"PT-", 1, 8},
    {"RA-", 1, 10}, {"SA-", 1, 24}, {"SC-", 1, 51}, {"SI-", 1, 23}, {"SR-", 1, 12},
};

#define RANGES(table) (table), TABLE_COUNT(table)

const struct control_framework control_frameworks[] = {
    {"soc2", "SOC 2, 2017 criteria", RANGES(soc2), DETAIL_NONE, 0},
    {"iso27001", "ISO/IEC 27001:2022 Annex A", RANGES(iso27001), DETAIL_NONE, 0},
    {"iso42001", "ISO/IEC 42001:2023 Annex A", RANGES(iso42001), DETAIL_NONE, 0},
    {"gdpr", "GDPR", RANGES(gdpr), DETAIL_PARAGRAPH, 15},
    {"ai-act", "EU AI Act", RANGES(ai_act), DETAIL_PARAGRAPH, 15},
    {"nist", "NIST SP 800-53 rev. 5", RANGES(nist), DETAIL_ENHANCEMENT, 35},
};
const size_t control_framework_count = TABLE_COUNT(control_frameworks);
