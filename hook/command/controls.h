/* controls.h - the control map that a subcommand uses: --control-map, else control-map.ini beside the
 * configuration, else the one that was installed (PREFIX/share/refgate/control-map.ini). */
#ifndef REFGATE_COMMAND_CONTROLS_H
#define REFGATE_COMMAND_CONTROLS_H

#include "command/command.h"
#include "policy/control_map.h"

#define OPTION_CONTROL_MAP                                                                        \
    {                                                                                             \
        "control-map", "FILE",                                                                    \
            "rules and findings to controls (default: control-map.ini beside the configuration)", \
            false                                                                                 \
    }

/* `config_path`: of the configuration in use; may be NULL. No map anywhere but where --control-map
 * names one is not an error: *out is then empty. false: what is wrong was printed. */
bool controls_load(const struct arguments *args, const char *config_path, struct arena *arena,
                   struct control_map *out);
/* Is it a type of reason, or "finding:" and the name of a finding of `refgate report`? */
bool controls_subject_known(struct text subject);

#endif
