#!/bin/sh
# refgate audit enrich: decisions of an audit log tied to finished requests of Bitbucket's access logs.
# shellcheck disable=SC2317 # functions that `one` calls
. tests/lib/tap.sh
test_start
: >"$T/audit"
: >"$T/access"

n=0
decision() { # TIME USER KEY/SLUG [TRIGGER [NEW]]; its id ends in 1, 2, 3 ...
    n=$((n + 1))
    printf '{"id":"01JDA8AAAAAAAAAAAAAAAAAA%02d","time":"2026-11-22T%sZ","host":"bb1","version":"1.0.0","mode":"enforce","verdict":"accept","exit":0,"push":{"project":"%s","repository":"%s","trigger":"%s","dry_run":false},"pusher":{"name":"%s","type":"user"},"credential":{"class":"user"},"reasons":[],"changes":[{"ref":"refs/heads/main","old":"1","new":"%s","kind":"update","verdict":"accept","reasons":[]}],"prev":"","hash":""}\n' \
        "$n" "$1" "${3%/*}" "${3#*/}" "${4:-push}" "$2" "${5:-$n}" >>"$T/audit"
}
ssh_end() { # TIME USER key/slug LABELS [DURATION [ADDRESS [AGENT]]]
    echo "${6:-10.0.0.1} | ssh | o*9x$1 | $2 | 2026-11-22 $1 | SSH - git-receive-pack '/$3.git' | \"${7:-SSH-2.0-OpenSSH_9}\" | 0 | 9 | 9 | $4 |${5:+ $5 |} s |" >>"$T/access"
}
http_end() { # TIME USER KEY/SLUG LABELS [STATUS]
    echo "10.0.0.2 | https | o@8x$1 | $2 | 2026-11-22 $1 | \"POST /git/scm/$3.git/git-receive-pack HTTP/1.1\" | \"\" \"git/2.44.0\" | ${5:-200} | 9 | 9 | $4 | 1000 | s |" >>"$T/access"
}
enrich() {
    run "$BUILD/refgate" audit enrich --access-log "$T/access" "$@" "$T/audit" </dev/null
}
begin() {
    : >"$T/audit"
    : >"$T/access"
    n=0
}
joined() { # WANT DESCRIPTION: credential, address and confidence of each decision
    enrich --format json
    is "$(printf '%s' "$out" | jq -r '.decisions[] | "\(.credential) \(.address) \(.confidence) \(.requests)"' | paste -sd, -)" \
        "$1" "$2" || note "$err"
}

# -------------------------------------------------------------- one decision
decision 10:00:00.500 jdoe PRJ/app
ssh_end 10:00:01,000 jdoe prj/app "push, ssh:id:610, ssh:label:'laptop'" 900
joined 'ssh:id:610 10.0.0.1 certain 1' 'an SSH push: its key'
is "$code" 0 'nothing to look into: code 0'
is "$(printf '%s' "$out" | jq -r '.decisions[0] | "\(.id) \(.time) \(.host) \(.project)/\(.repository) \(.user) \(.verdict) \(.class) \(.label) \(.protocol) \(.agent)"')" \
    '01JDA8AAAAAAAAAAAAAAAAAA01 2026-11-22T10:00:00.500Z bb1 PRJ/app jdoe accept user laptop ssh SSH-2.0-OpenSSH_9' \
    'JSON: all that is known of it'
enrich
is "$out" '2026-11-22T10:00:00.500Z  01JDA8AAAAAAAAAAAAAAAAAA01  PRJ/app  jdoe  ssh:id:610  10.0.0.1  "SSH-2.0-OpenSSH_9"  certain

1 decision: 1 certain, 0 agreed, 0 ambiguous, 0 without a request; 0 not of a git client
1 line: 1 push, 0 of them outside of that time' 'text'
enrich --format csv
is "$out" 'time,decision,host,project,repository,user,verdict,class,credential,label,protocol,address,agent,confidence,requests
2026-11-22T10:00:00.500Z,01JDA8AAAAAAAAAAAAAAAAAA01,bb1,PRJ,app,jdoe,accept,user,ssh:id:610,laptop,ssh,10.0.0.1,SSH-2.0-OpenSSH_9,certain,1' \
    'CSV'

one() { # WANT DESCRIPTION FUNCTION ARGUMENTS...
    one_want=$1 one_description=$2
    shift 2
    : >"$T/access"
    "$@"
    joined "$one_want" "$one_description"
}
one 'access-token:id:7 10.0.0.2 certain 1' 'HTTP with a token' \
    http_end 10:00:01,000 jdoe PRJ/app 'access-token:id:7, push'
one 'password:JDoe 10.0.0.2 certain 1' 'HTTP without one; names compare without ASCII case' \
    http_end 10:00:01,000 JDoe prj/APP push
one 'ssh:label:x 10.0.0.1 certain 1' 'an SSH key without an id: its label' \
    ssh_end 10:00:01,000 jdoe prj/app "push, ssh:label:'x'" 900
one 'null 10.0.0.1 certain 1' 'a request that names no credential' \
    ssh_end 10:00:01,000 jdoe prj/app push 900
one 'null null none 0' 'a request that began later is not it' \
    ssh_end 10:00:01,000 jdoe prj/app 'push, ssh:id:1' 300
one 'null null none 0' 'nor one that had ended' \
    ssh_end 09:59:59,000 jdoe prj/app 'push, ssh:id:1' 900
one 'null null none 0' "nor another user's" \
    ssh_end 10:00:01,000 lead prj/app 'push, ssh:id:1' 900
one 'null null none 0' 'nor one of another repository' \
    ssh_end 10:00:01,000 jdoe prj/lib 'push, ssh:id:1' 900
one 'null null none 0' 'nor one that was refused' \
    http_end 10:00:01,000 jdoe PRJ/app push 403
begun() { # TIME: of the beginning, in an older server's log, which has no durations
    ssh_end 10:00:01,000 jdoe prj/app 'push, ssh:id:1'
    sed 's/ o[*]/ i*/; s/| 0 | 9.*/| - | - | s |/' "$T/access" >"$T/begin"
    sed "s/2026-11-22 [0-9:]*,[0-9]*/2026-11-22 $1/" "$T/begin" | cat - "$T/access" >"$T/both"
    cp "$T/both" "$T/access"
}
one 'null null none 0' 'no duration: the line of the beginning counts' begun 10:00:00,700
one 'ssh:id:1 10.0.0.1 certain 1' 'and fits' begun 10:00:00,300
one 'ssh:id:1 10.0.0.1 certain 1' 'neither: it may have begun long before' \
    ssh_end 10:00:01,000 jdoe prj/app 'push, ssh:id:1'

# -------------------------------------------------------------- several
begin
decision 10:00:00.500 jdoe PRJ/app
decision 10:00:10.500 jdoe PRJ/app
ssh_end 10:00:01,000 jdoe prj/app 'push, ssh:id:1' 900
ssh_end 10:00:11,000 jdoe prj/app 'push, ssh:id:2' 900
joined 'ssh:id:1 10.0.0.1 certain 1,ssh:id:2 10.0.0.1 certain 1' 'two pushes, one after the other'
begin
decision 10:00:00.500 jdoe PRJ/app
ssh_end 10:00:01,000 jdoe prj/app 'push, ssh:id:1' 900
ssh_end 10:00:02,000 jdoe prj/app 'push, ssh:id:2' 1900
joined 'null null ambiguous 2' 'two requests at the same time: listed as ambiguous, not guessed'
ssh_end 10:00:03,000 jdoe prj/app 'push, ssh:id:2' 2900 10.0.0.9
sed -i 1d "$T/access"
joined 'ssh:id:2 null agreed 2' 'two with one credential: that is known, the address is not'
begin
decision 10:00:00.500 jdoe PRJ/app
decision 10:00:00.600 jdoe PRJ/app
ssh_end 10:00:01,000 jdoe prj/app 'push, ssh:id:1' 900
joined 'null null ambiguous 1,null null ambiguous 1' \
    'one request and two decisions: one of them lacks its own'
begin
decision 10:00:00.500 jdoe PRJ/app push abc
decision 10:00:00.600 jdoe PRJ/app push abc
ssh_end 10:00:01,000 jdoe prj/app 'push, ssh:id:1' 900
joined 'ssh:id:1 10.0.0.1 certain 1,ssh:id:1 10.0.0.1 certain 1' \
    'the same push judged twice (a hook of the project and one of the repository)'
begin
decision 10:00:00.000 jdoe PRJ/app file-edit
decision 10:00:00.000 jdoe PRJ/app push
joined 'null null none 0' 'only pushes of git clients are joined'
is "$(printf '%s' "$out" | jq .summary.not_of_a_git_client)" 1 'the others are counted'

# -------------------------------------------------------------- findings
begin
decision 10:00:00.500 ci-bot PRJ/app
decision 10:01:00.500 ci-bot PRJ/app
decision 10:02:00.500 ci-bot PRJ/app
ssh_end 10:00:01,000 ci-bot prj/app 'push, ssh:id:5' 900 10.0.0.1
ssh_end 10:01:01,000 ci-bot prj/app 'push, ssh:id:5' 900 10.0.0.9
ssh_end 10:02:01,000 ci-bot prj/app 'push, ssh:id:5' 900 10.0.0.9
enrich
is "$code" 1 'a credential used from two addresses: code 1'
contains "$out" 'credentials used from more than one address or by more than one agent
  ssh:id:5 of ci-bot: 3 pushes
           1  from 10.0.0.1
           2  from 10.0.0.9
           3  by SSH-2.0-OpenSSH_9' 'with how often from where'
sed -i 's/10.0.0.9/10.0.0.1/; 3s/OpenSSH_9/OpenSSH_7/' "$T/access"
enrich --format json
is "$code $(printf '%s' "$out" | jq -c '.shared_credentials[] | [.credential, .pushes, (.addresses|length), (.agents|length), .more]')" \
    '1 ["ssh:id:5",3,1,2,false]' 'or by two agents'
sed -i 's/OpenSSH_7/OpenSSH_9/' "$T/access"
enrich
is "$code" 0 'from one, by one: code 0'

ssh_end 10:01:30,000 jdoe prj/lib 'push, ssh:id:8' 900
enrich
is "$code" 1 'a push without a decision: code 1'
contains "$out" '1 push without a decision: the hook did not run, or its audit log was not given
  2026-11-22 10:01:30  prj/lib  jdoe  ssh:id:8  10.0.0.1' 'and which'
sed -i '$s/push, //' "$T/access"
enrich
is "$code" 0 'a client that only looked pushed nothing'
sed -i '$s/ssh:id:8/push/; $s/10:01:30/11:59:59/g' "$T/access"
enrich --format json
is "$code $(printf '%s' "$out" | jq .summary.outside)" '0 1' 'outside of the time that the decisions cover'
enrich --until 2026-11-22T12:00:00Z
is "$code" 1 'unless --until says that it is covered'
enrich --until 2026-11-22T12:00:00Z --user CI-bot
is "$code" 0 '--user: decisions and pushes of one user'
enrich --until 2026-11-22T12:00:00Z --repo 'prj/a*'
is "$code" 0 '--repo: likewise'
enrich --since 2026-11-22T10:01:30Z --format json
is "$(printf '%s' "$out" | jq -c '[.decisions[].id[-1:]]')" '["3"]' '--since'

# -------------------------------------------------------------- time zones, files
begin
decision 10:00:00.500 jdoe PRJ/app
ssh_end 12:00:01,000 jdoe prj/app 'push, ssh:id:1' 900
joined 'null null none 0' "the server's clock is two hours ahead"
if [ -e /usr/share/zoneinfo/Africa/Cairo ]; then
    enrich --timezone Africa/Cairo --format json
    is "$(printf '%s' "$out" | jq -r '.decisions[0].credential')" ssh:id:1 \
        '--timezone says what it shows'
else
    skip '--timezone says what it shows' 'no time zones on this machine'
fi
TZ=XXX-2 enrich --format json
is "$(printf '%s' "$out" | jq -r '.decisions[0].credential')" ssh:id:1 "without it, this machine's"
enrich --timezone Nowhere/Land
is "$code" 2 'an unknown zone: code 2'

begin
decision 10:00:00.500 jdoe PRJ/app
decision 11:00:00.500 jdoe PRJ/app
ssh_end 10:00:01,000 jdoe prj/app 'push, ssh:id:1' 900
gzip -c "$T/access" >"$T/old.gz"
: >"$T/access"
ssh_end 11:00:01,000 jdoe prj/app 'push, ssh:id:1' 900
run "$BUILD/refgate" audit enrich --access-log "$T/old.gz" --access-log "$T/access" --format csv "$T/audit"
is "$code $(printf '%s\n' "$out" | grep -c ',certain,1$')" '0 2' 'several logs, compressed ones too'
head -c 40 "$T/old.gz" >"$T/cut.gz"
run "$BUILD/refgate" audit enrich --access-log "$T/cut.gz" "$T/audit"
is "$code" 2 'a compressed log that is cut short: code 2'
run "$BUILD/refgate" audit enrich --access-log "$T/gone" "$T/audit"
is "$code" 2 'a log that is not there: code 2'
contains "$err" "$T/gone: cannot open the access log" 'and which'
run "$BUILD/refgate" audit enrich --access-log "$T/access" "$T/gone"
is "$code" 2 'an audit log that is not there: code 2'
run "$BUILD/refgate" audit enrich "$T/audit"
is "$code" 2 'no access log: code 2'
enrich --format xml
is "$code" 2 'an unknown format: code 2'

# -------------------------------------------------------------- hostile
begin
decision 10:00:00.500 '=cmd' PRJ/app
# shellcheck disable=SC2016 # as it is typed
ssh_end 10:00:01,000 '=cmd' prj/app "push, ssh:id:1, ssh:label:'\$(x)', ssh:id:2'" 900 10.0.0.1 \
    "$(printf 'a\033[2J | 0 | 1 | 1 | ssh:id:9 | 5')"
enrich
lacks "$out" "$(printf '\033')" 'an agent cannot reach the terminal'
contains "$out" '  ssh:id:1  10.0.0.1  "a\x1b[2J | 0 | 1 | 1 | ssh:id:9 | 5"  certain' \
    'nor bring labels, and neither can the label of a key'
enrich --format csv
contains "$out" "'=cmd" 'nor is a name a formula'
enrich --format json
ok 'JSON stays JSON' jq -e '.decisions[0].agent | contains("\u001b")' "$T/.out"

begin
decision 10:00:00.500 jdoe PRJ/app
ssh_end 10:00:01,000 jdoe prj/app 'push, ssh:id:1' 900
{
    yes "10.0.0.1 | https | o@1x | - | 2026-11-22 10:00:00,000 | \"GET /status HTTP/1.1\" | \"\" \"\" | 200 | 0 | 19 | - | 6 | s |" |
        head -n 5000
    head -c 100000 /dev/zero | tr '\0' x
    echo ' git-receive-pack'
    cat "$T/access"
    printf 'half a line git-receive-pack'
} >"$T/large"
cp "$T/large" "$T/access"
joined 'ssh:id:1 10.0.0.1 certain 1' 'five thousand lines, one of a hundred kilobytes, and half a one'
is "$(printf '%s' "$out" | jq .summary.lines)" 5001 'which are counted, but for what is too long or not whole'

{ # a block of NULs is what some file systems leave of the last lines before a power cut
    printf '\0\0\0\0\n'
    sed 1q "$T/large"
    printf 'a\0b\n'
    ssh_line=$(grep -a 'ssh:id:1' "$T/large")
    printf '%s\n' "$ssh_line"
} >"$T/access"
joined 'ssh:id:1 10.0.0.1 certain 1' 'a line with a NUL does not take the next one along'
is "$(printf '%s' "$out" | jq .summary.lines)" 4 'and is counted'

# -------------------------------------------------------------- manual
run "$BUILD/refgate" audit enrich --help
is "$code" 0 '--help'
for option in $(printf '%s\n' "$out" | sed -n 's/^  --\([a-z-]*\).*/\1/p'); do
    ok "the manual has --$option" grep -q "^\.It Fl -$option\( \|\$\)" \
        packaging/man/refgate-audit-enrich.8
done
done_testing
