# servers.sh - a real sshd and a real web server in front of the storage of tests/lib/push.sh.
# shellcheck shell=sh
#
#   sshd_start             sets $SSH_PORT and GIT_SSH_COMMAND; 1 with $reason when there can be none
#   sshd_key NAME LOGIN    a key pair $T/ssh/NAME that LOGIN is authenticated by
#   ssh_url KEY/SLUG       as Bitbucket writes it: ssh://user@127.0.0.1:PORT/key/slug.git
#   ssh_with NAME          the client uses this key from now on
#   httpd_start            sets $HTTP_PORT; 1 with $reason when there can be none
#   httpd_user LOGIN PASSWORD
#   http_url LOGIN PASSWORD KEY/SLUG
#
# All listen on 127.0.0.1 only, run as the current user, and end with the test.
# shellcheck disable=SC2034

# A port that nobody listens on; somebody else may take it first, so the callers try again.
random_port() {
    od -An -N2 -tu2 /dev/urandom | awk '{ print 20000 + $1 % 40000 }'
}

port_answers() { # PORT [SECONDS]
    port_tries=$((${2:-5} * 20))
    while [ $port_tries -gt 0 ]; do
        ! perl -MIO::Socket::INET -e \
            'exit !IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ARGV[0]", Timeout => 2)' "$1" ||
            return 0
        port_tries=$((port_tries - 1))
        sleep 0.05
    done
    return 1
}

sshd_start() {
    sshd=$(PATH=$PATH:/usr/sbin:/sbin command -v sshd) || {
        reason='sshd is not installed'
        return 1
    }
    # sshd started by root insists on this directory; Debian's service makes it at boot.
    if [ "$(id -u)" = 0 ] && [ ! -d /run/sshd ]; then
        mkdir -m 755 /run/sshd 2>/dev/null || {
            reason='no privilege separation directory'
            return 1
        }
        at_exit 'rmdir /run/sshd 2>/dev/null'
    fi
    SSH_USER=$(id -un)
    mkdir -m 700 "$T/ssh"
    : >"$T/ssh/authorized_keys"
    ssh-keygen -q -t ed25519 -N '' -f "$T/ssh/host"
    for try in 1 2 3 4 5; do
        SSH_PORT=$(random_port)
        cat >"$T/ssh/sshd_config" <<CONFIG
ListenAddress 127.0.0.1:$SSH_PORT
HostKey $T/ssh/host
PidFile $T/ssh/pid
AuthorizedKeysFile $T/ssh/authorized_keys
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
UsePAM no
StrictModes no
MaxStartups 200
PrintMotd no
X11Forwarding no
CONFIG
        "$sshd" -D -f "$T/ssh/sshd_config" -E "$T/ssh/log" &
        sshd_pid=$!
        if port_answers "$SSH_PORT" && kill -0 "$sshd_pid" 2>/dev/null; then
            at_exit "kill $sshd_pid 2>/dev/null"
            printf '[127.0.0.1]:%s %s\n' "$SSH_PORT" "$(cut -d ' ' -f 1,2 "$T/ssh/host.pub")" \
                >"$T/ssh/known_hosts"
            sshd_key probe nobody
            ssh_with probe
            # A locked account or a policy of this machine: not what is tested here.
            $GIT_SSH_COMMAND -p "$SSH_PORT" "$SSH_USER@127.0.0.1" probe >"$T/ssh/probe.out" 2>&1
            if grep -q 'Repository not found' "$T/ssh/probe.out"; then
                return 0
            fi
            reason="sshd lets nobody in: $(tail -n 1 "$T/ssh/log")"
            return 1
        fi
        kill "$sshd_pid" 2>/dev/null
    done
    reason="sshd does not start: $(tail -n 1 "$T/ssh/log")"
    return 1
}

sshd_key() {
    ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$T/ssh/$1"
    printf 'restrict,command="%s %s %s" %s\n' "$TOP/tests/lib/ssh-serve" "$BB" "$2" \
        "$(cat "$T/ssh/$1.pub")" >>"$T/ssh/authorized_keys"
}
ssh_url() {
    printf 'ssh://%s@127.0.0.1:%s/%s.git' "$SSH_USER" "$SSH_PORT" \
        "$(printf '%s' "$1" | tr '[:upper:]' '[:lower:]')"
}
ssh_with() {
    export GIT_SSH_COMMAND="ssh -F none -i $T/ssh/$1 -o IdentitiesOnly=yes -o IdentityAgent=none \
-o BatchMode=yes -o UserKnownHostsFile=$T/ssh/known_hosts -o StrictHostKeyChecking=yes \
-o LogLevel=ERROR"
}

httpd_start() {
    nginx=$(PATH=$PATH:/usr/sbin:/sbin command -v nginx) || {
        reason='nginx is not installed'
        return 1
    }
    fcgiwrap=$(PATH=$PATH:/usr/sbin:/sbin command -v fcgiwrap) || {
        reason='fcgiwrap is not installed'
        return 1
    }
    backend=$(git --exec-path)/git-http-backend
    [ -x "$backend" ] || {
        reason='git-http-backend is not installed'
        return 1
    }
    web=$T/http
    mkdir "$web" "$web/body" "$web/tmp"
    : >"$web/users"
    # The socket's name must be short (108 bytes): relative to its directory.
    (cd "$web" && exec env GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL="$BB/gitconfig" \
        setsid "$fcgiwrap" -c 4 -s unix:fcgi >fcgi.log 2>&1) &
    fcgi_pid=$!
    # its children stay behind unless the whole group ends
    at_exit "kill -- -$fcgi_pid 2>/dev/null"
    # Workers of a server started by root would be somebody else, whom the storage is closed to.
    web_user=
    [ "$(id -u)" != 0 ] || web_user='user root;'
    for try in 1 2 3 4 5; do
        HTTP_PORT=$(random_port)
        {
            cat <<CONFIG
daemon off;
pid $web/pid;
error_log $web/log;
worker_processes 2;
$web_user
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path $web/body;
    fastcgi_temp_path $web/tmp;
    proxy_temp_path $web/tmp;
    uwsgi_temp_path $web/tmp;
    scgi_temp_path $web/tmp;
    client_max_body_size 0;
    server {
        listen 127.0.0.1:$HTTP_PORT;
        auth_basic "Bitbucket";
        auth_basic_user_file $web/users;
        fastcgi_request_buffering off;
        fastcgi_param SCRIPT_FILENAME $backend;
        fastcgi_param GIT_HTTP_EXPORT_ALL 1;
        fastcgi_param GIT_PROJECT_ROOT $BB/shared/data/repositories;
        fastcgi_param REMOTE_USER \$remote_user;
        fastcgi_param REMOTE_ADDR \$remote_addr;
        fastcgi_param REQUEST_METHOD \$request_method;
        fastcgi_param QUERY_STRING \$query_string;
        fastcgi_param CONTENT_TYPE \$content_type;
        fastcgi_param CONTENT_LENGTH \$content_length;
        fastcgi_param GIT_PROTOCOL \$http_git_protocol;
CONFIG
            while IFS='|' read -r name id; do
                printf '        location ~* ^/scm/%s[.]git(/.*)$ {\n' "$name"
                # shellcheck disable=SC2016 # nginx's variable
                printf '            fastcgi_param PATH_INFO /%s$1;\n' "$id"
                # A level that sets one parameter inherits none: so they are written again.
                printf '            include %s/params;\n' "$web"
                printf '            fastcgi_pass unix:%s/fcgi;\n        }\n' "$web"
            done <"$BB/repositories"
            printf '    }\n}\n'
        } >"$web/nginx.conf"
        grep '^        fastcgi_param' "$web/nginx.conf" | grep -v PATH_INFO >"$web/params"
        "$nginx" -c "$web/nginx.conf" -e "$web/log" -p "$web" 2>>"$web/start.log" &
        nginx_pid=$!
        if port_answers "$HTTP_PORT" && kill -0 "$nginx_pid" 2>/dev/null; then
            # QUIT and TERM both end the workers with the master.
            at_exit "kill $nginx_pid 2>/dev/null; wait $nginx_pid 2>/dev/null"
            return 0
        fi
        kill "$nginx_pid" 2>/dev/null
    done
    reason="nginx does not start: $(tail -n 1 "$web/log")"
    return 1
}
httpd_user() { printf '%s:{PLAIN}%s\n' "$1" "$2" >>"$T/http/users"; }
http_url() { printf 'http://%s:%s@127.0.0.1:%s/scm/%s.git' "$1" "$2" "$HTTP_PORT" "$3"; }
