# doctor.sh - what the tests of `refgate doctor` read from its output.
# shellcheck shell=sh disable=SC2154 # variables of tap.sh
#
# After tests/lib/tap.sh and a run of doctor, with $(…), since they change how words are split:
#
#   marks CHECK     "ok ", "warn FAIL " or so: the marks of the lines about it, in $out
#   flat            the output in one line: long ones are broken

# No process for it: it is asked often.
marks() {
    set -f
    IFS='
'
    for line in $out; do
        case ${line#??????} in "$1 "*) printf '%s ' "${line%% *}" ;; esac
    done
}

flat() { tr -s ' \n' ' ' <"$T/.out"; }
