#!/bin/sh
# Real servers in front: OpenSSH with user keys and deploy keys, a web server with
# git-http-backend and passwords. Who pushes is what these authenticated.
. tests/lib/tap.sh
. tests/lib/push.sh
. tests/lib/servers.sh
test_start
server_start
server_config <<'END'
[refgate]
contact = platform-team@example.com
@common
[rule "keys-stay-off-main"]
action = reject
credentials = access-key
refs = main, release/*
message = Deploy keys do not push to main; open a pull request.
END
server_repository PRJ/app 84
client_clone "$T/c" PRJ/app
c=$T/c
commit "$c" one >/dev/null
pushes 'a maintainer fills the repository' lead "$c" origin HEAD:refs/heads/main

if sshd_start; then
    sshd_key jane jdoe
    sshd_key lead lead
    sshd_key deploy ci-deploy
    sshd_key unheard unheard-of
    sshd_key newcomer newcomer
    ssh_with jane
    run git clone -q "$(ssh_url PRJ/app)" "$T/ssh-clone"
    is "$code" 0 'ssh: clone'
    s=$T/ssh-clone
    commit "$s" by-ssh >/dev/null
    pushes 'ssh: a user key pushes a topic branch' - "$s" origin HEAD:refs/heads/ssh-topic
    is "$(audit '[.pusher.name,.pusher.type,.credential.class]|join(" ")')" 'jdoe user user' \
        'ssh: recorded as that user'
    refuses 'ssh: a user key is kept off main' 1 - "$s" origin HEAD:refs/heads/main
    contains "$remote" 'pull-requests?create' 'ssh: with the link to open a pull request'
    like "$err" '! \[remote rejected\].*pre-receive hook declined' 'ssh: git says it, too'
    ssh_with lead
    pushes 'ssh: a maintainer is not' - "$s" origin HEAD:refs/heads/main
    ssh_with deploy
    commit "$s" by-deploy-key >/dev/null
    pushes 'ssh: a deploy key pushes a topic branch' - "$s" origin HEAD:refs/heads/ssh-deploy
    is "$(audit '[.pusher.type,.credential.class,.credential.id,.credential.label,
        .credential.confidence]|map(tostring)|join(" ")')" \
        'service access-key 158 ci-deploy derived' 'ssh: the key is told by its label'
    refuses 'ssh: a deploy key is kept off main' 1 - "$s" origin HEAD:refs/heads/main
    contains "$remote" 'access key "ci-deploy"' 'ssh: the text names the key'
    contains "$remote" 'Deploy keys do not push to main; open a pull request.' \
        "ssh: and has the administrator's words"
    like "$remote" 'keys-stay-off-main \(refgate.conf:[0-9]+\)' 'ssh: and the rule'
    ssh_with unheard
    refuses 'ssh: a deploy key that the snapshot does not know' 1 - "$s" origin \
        HEAD:refs/heads/main
    ssh_with newcomer
    pushes 'ssh: a user younger than the snapshot' - "$s" origin HEAD:refs/heads/ssh-newcomer
    is "$(audit .verdict)" note 'ssh: is a note in the record'
else
    skip 'ssh' "$reason"
fi

if httpd_start; then
    httpd_user jdoe secret
    httpd_user lead secret
    httpd_user token secret
    httpd_user project-token secret
    httpd_user foreign-token secret
    run git clone -q "$(http_url jdoe secret PRJ/app)" "$T/http-clone"
    is "$code" 0 'http: clone'
    h=$T/http-clone
    commit "$h" by-http >/dev/null
    pushes 'http: a user pushes a topic branch' - "$h" origin HEAD:refs/heads/http-topic
    is "$(audit '[.pusher.name,.credential.class]|join(" ")')" 'jdoe user' \
        'http: recorded as that user'
    refuses 'http: and is kept off main' 1 - "$h" origin HEAD:refs/heads/main
    contains "$remote" 'pull-requests?create' 'http: with the link'
    pushes 'http: a repository token' - "$h" "$(http_url token secret PRJ/app)" \
        HEAD:refs/heads/http-token
    is "$(audit '[.pusher.type,.credential.class]|join(" ")')" 'service repository-token' \
        'http: recorded as one'
    pushes 'http: a project token' - "$h" "$(http_url project-token secret PRJ/app)" \
        HEAD:refs/heads/http-project-token
    is "$(audit .credential.class)" project-token 'http: recorded as one'
    refuses "http: another repository's token" 1 - "$h" \
        "$(http_url foreign-token secret PRJ/app)" HEAD:refs/heads/http-foreign
    # A body too large for one buffer: git sends it in chunks.
    head -c 3000000 /dev/urandom | od -An -tx1 >"$h/large"
    git -C "$h" add large && git -C "$h" commit -q -m large
    git -C "$h" config http.postBuffer 65536
    pushes 'http: a large push, chunked' - "$h" origin \
        HEAD:refs/heads/http-large
    run git -C "$h" push "$(http_url jdoe wrong PRJ/app)" HEAD:refs/heads/x
    is "$code" 128 'http: a wrong password does not reach the hook'
else
    skip 'http' "$reason"
fi
ok 'the audit chain is intact' "$BUILD/refgate" audit verify "$BB/audit.log"
done_testing
