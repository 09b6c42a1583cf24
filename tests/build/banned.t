#!/bin/sh
# Each function named in hook/banned.h is a compile error in our code, and nothing else is.
. tests/lib/tap.sh
test_start

names=$(sed -n 's/^#define \([a-z_0-9]*\)(\.\.\.) BANNED.*/\1/p' hook/banned.h)
{
    echo 'void *use(char *p);'
    for name in $names; do echo "void *use_$name(void); void *use_$name(void) { $name(0); return 0; }"; done
} >"$T/bad.c"
case ${CC:-gcc} in *clang*) all=-ferror-limit=0 ;; *) all=-fmax-errors=0 ;; esac
run "${CC:-gcc}" -std=c17 -D_GNU_SOURCE -include hook/banned.h $all -fsyntax-only "$T/bad.c"
is "$code" 1 'a file that uses them does not compile'
missed=
for name in $names; do
    case $err in *"sorry_${name}_is_banned"*) ;; *) missed="$missed $name" ;; esac
done
is "$missed" '' 'each is an error that names the function'

# Those that a list of dangerous functions anywhere has; the rest is at home in hook/banned.h.
names=" $(printf '%s' "$names" | tr '\n' ' ') "
missed=
for name in gets strcpy strcat strncpy strncat stpcpy sprintf vsprintf strtok strtok_r scanf fscanf sscanf vsscanf \
    atoi atol atoll atof strtol strtoul gmtime localtime asctime ctime mktemp tmpnam tempnam tmpfile alloca \
    system popen execve execvp fork vfork signal alarm rand srand random rand_r drand48 setjmp longjmp chmod \
    creat umask chdir chroot readdir_r setlocale strcoll getlogin putenv; do
    case $names in *" $name "*) ;; *) missed="$missed $name" ;; esac
done
is "$missed" '' 'the usual ones are among them'

cat >"$T/good.c" <<'C'
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
int main(void)
{
    char text[8];
    struct tm tm;
    time_t now = time(NULL);
    return snprintf(text, sizeof text, "%d", gmtime_r(&now, &tm) ? tm.tm_mday : 0) < 0;
}
C
ok 'the system headers still compile after it' \
    "${CC:-gcc}" -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror -include hook/banned.h -fsyntax-only "$T/good.c"
done_testing
