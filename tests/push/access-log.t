#!/bin/sh
# The resolver access-log with real runs of the hook: what Bitbucket's log on this node shows of a
# push may make its verdict stricter, never milder.
. tests/lib/tap.sh
. tests/lib/push.sh
test_start
server_start
log=$BB/log/atlassian-bitbucket-access.log
mkdir -p "$BB/log"
: >"$log"
config() { # UNDECIDED
    server_config <<END
@common
[failure]
undecided = $1
[credential]
resolvers = name, environment, access-log
access-log = $log
[rule "no-passwords"]
action = reject
credentials = user-password
refs = guarded
[rule "certain"]
action = reject
credentials = user-password
credential-confidence = certain
refs = certain
[rule "keys-only"]
action = reject
except-credentials = user-ssh-key
refs = keys-only
END
}
config annotate
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
c=$T/c
commit "$c" one >"$T/id"
pushes 'a main branch' lead "$c" origin HEAD:refs/heads/main
is "$(audit '[.credential.class,.credential.confidence]|join(" ")')" 'user certain' \
    'an empty log says nothing'

# Lines as Bitbucket writes them, in a zone of its own.
now() { TZ=XYZ+7 date '+%Y-%m-%d %H:%M:%S,000'; }
ssh_line() { # i|o ID USER
    if [ "$1" = i ]; then end='- | - | s1'; else end="0 | 9 | 9 | push, ssh:id:7, ssh:label:'x' | 55 | s1"; fi
    echo "10.0.0.7 | ssh | $1*$2 | $3 | $(now) | SSH - git-receive-pack '/prj/app.git' | \"SSH-2.0-OpenSSH_9.2\" | $end |"
}
http_line() { # USER LABELS [PATH]
    echo "10.0.0.7 | https | o@1x2x3x0 | $1 | $(now) | \"GET ${3-}/scm/PRJ/app.git/info/refs?service=git-receive-pack HTTP/1.1\" | \"\" \"git/2.44.0\" | 200 | 0 | 190 | $2 | 12 | s2 |"
}
seen() { # LINES WANT DESCRIPTION [REF [LOGIN [CODE]]]
    printf '%s\n' "$1" >"$log"
    echo "$ZERO $(cat "$T/id") refs/heads/${4:-topic}" >"$T/stdin"
    hook_as "${5:-jdoe}" push PRJ/app <"$T/stdin"
    is "$code $(audit '[.credential.class,.credential.confidence]|join(" ")')" "${6:-0} $2" "$3" ||
        note "$(audit .credential.evidence) $err"
}
seen "$(ssh_line i 1x1 jdoe)" 'user-ssh-key observed' 'semantics 5: an SSH push that is under way'
contains "$(audit .credential.evidence)" 'access log: an SSH push' 'and the record says how it is known'
seen "$(ssh_line i 1x1 jdoe)
$(ssh_line o 1x1 jdoe)" 'user certain' 'semantics 5: one that has ended is another one'
seen "$(http_line jdoe 'access-token:id:463266287238, refs')" 'user-token observed' \
    'semantics 5: HTTP with the label of a token'
is "$(audit .credential.token_id)" 463266287238 'and the record says which'
seen "$(http_line jdoe - /context)" 'user-password observed' \
    'semantics 5: HTTP without one, below a context path'
seen "$(http_line jdoe -)
$(ssh_line i 1x1 jdoe)" 'user certain' 'semantics 5: two that disagree: it stays user'
seen "$(http_line lead -)" 'user certain' "another user's line is not this push's"
seen "$(http_line jdoe '-' | sed 's/git.2.44.0/x | 200 | 1 | 1 | access-token:id:9 | 5 | s/')" \
    'user-password observed' 'an agent makes no label'
seen "9.9.9.9 | ssh | i*9 | jdoe | $(now) | SSH - git-receive-pack '/prj/app.git' | - | - | - | s,$(http_line - -)" \
    'user certain' 'an address makes no line'

# -------------------------------------------------------------- what follows from it
seen "$(http_line jdoe -)" 'user-password observed' 'a match restricts: what is seen rejects' \
    guarded jdoe 1
contains "$out$err" 'rule: no-passwords' 'and the pusher is told by which rule'
seen "$(ssh_line i 1x1 jdoe)" 'user-ssh-key observed' \
    'what is seen to be something else is still in doubt: annotated, not accepted in silence' guarded
contains "$out$err" 'cannot tell what kind of credential' 'as the doubt says'
seen "$(http_line jdoe -)" 'user-password observed' 'a rule that must be certain is not by this' \
    certain
seen "$(ssh_line i 1x1 jdoe)" 'user-ssh-key observed' \
    'what is seen satisfies no exception: in doubt' keys-only
seen "$(http_line jdoe -)" 'user-password observed' 'but it can refuse one' keys-only jdoe 1
config reject
seen "$(ssh_line i 1x1 jdoe)" 'user-ssh-key observed' \
    'undecided = reject: an observation opens nothing' guarded jdoe 2
config annotate

# -------------------------------------------------------------- who is not looked up
seen "$(ssh_line i 1x1 3adc96b3b93443e4)" 'access-key derived' "a service user's name says it all" \
    topic ci-deploy
LAUNCH_EXTRA=$T/extra
export LAUNCH_EXTRA
echo REFGATE_CREDENTIAL=user-token:5 >"$T/extra"
seen "$(ssh_line i 1x1 jdoe)" 'user-token certain' 'a wrapper that tells wins over the log'
: >"$T/extra"

# -------------------------------------------------------------- logs
seen "$(ssh_line i 1x1 jdoe)" 'user-ssh-key observed' 'before the log is rolled over'
mv "$log" "$BB/log/atlassian-bitbucket-access-2026-11-22.0.log"
seen "$(http_line - -)" 'user-ssh-key observed' 'rolled over a moment ago: the line is in the one before'
rm "$BB/log/atlassian-bitbucket-access-2026-11-22.0.log"
yes "$(ssh_line i 1x1 nobody)" | head -n 5000 >"$T/noise"
seen "$(cat "$T/noise" && ssh_line i 1x1 jdoe && cat "$T/noise")" 'user-ssh-key observed' \
    'a line in the middle of ten thousand'
seen "$(ssh_line i 1x1 jdoe && cat "$T/noise" "$T/noise")" 'user certain' \
    'semantics 5: only its last MiB is read'
chmod 666 "$log"
seen "$(ssh_line i 1x1 jdoe)" 'user certain' 'a log that others can write to is not believed'
contains "$(audit .credential.evidence)" 'the access log cannot be read' 'and the record says so'
chmod 644 "$log"
rm "$log"
echo "$ZERO $(cat "$T/id") refs/heads/topic" >"$T/stdin"
hook_as jdoe push PRJ/app <"$T/stdin"
is "$code $(audit .credential.class)" '0 user' 'no log: the push is judged without'
ssh_line i 1x1 jdoe >"$log"
pushes 'a real push' jdoe "$c" origin HEAD:refs/heads/topic
is "$(audit '[.credential.class,.credential.confidence]|join(" ")')" 'user-ssh-key observed' \
    'is observed'

# -------------------------------------------------------------- refgate check does not look
check() { # WANT DESCRIPTION ARGUMENTS...
    check_want=$1 check_description=$2
    shift 2
    run "$BUILD/refgate" check --config "$CONF" --repo PRJ/app --user jdoe --kind create \
        --format json "$@" refs/heads/guarded
    is "$code $(printf '%s' "$out" | jq -r '[.credential.class,.credential.confidence]|join(" ")')" \
        "$check_want" "$check_description" || note "$err"
}
check '0 user certain' 'check is about no push that is under way: it does not read the log'
check '1 user-password observed' 'but --observed says what the log would show' --observed user-password
check '0 user-token observed' 'with an id' --observed user-token:7
check '0 user certain' 'or that it would show nothing' --observed user
check '2 ' 'only means of an ordinary user' --observed access-key
check '2 ' 'of which only tokens have an id' --observed user-password:7
sed -i '/^resolvers/d' "$CONF"
check '2 ' 'and only where the hook would look' --observed user
done_testing
