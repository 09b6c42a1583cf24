# service.sh - run a unit of packaging/systemd as systemd does, where no systemd runs.
# shellcheck shell=sh
#
# After tests/lib/tap.sh and test_start:
#
#   service_start UNIT-FILE DIR [FILTER]   the ExecStart= of a Type=oneshot service, once: with its
#                              Environment=, EnvironmentFile= (KEY=VALUE or KEY="VALUE" lines), LoadCredential= (a copy
#                              in DIR that only the user can read), UMask= and, for root, User=.
#                              FILTER, a command, rewrites the unit's text (paths of a test). Nothing
#                              of the hardening: `systemd-analyze security` looks at that

service_value() { sed -n "s|^$1=||p" "$service_dir/unit"; }

service_start() {
    service_dir=$2
    rm -rf "$service_dir"
    mkdir -m 755 "$service_dir" && mkdir -m 700 "$service_dir/credentials"
    ${3:-cat} <"$1" >"$service_dir/unit"
    service_file=$(service_value EnvironmentFile)
    {
        service_value Environment | tr ' ' '\n'
        [ ! -e "${service_file#-}" ] || sed -e '/^#/d' -e '/^ *$/d' -e 's/="\(.*\)"$/=\1/' "${service_file#-}"
        echo "CREDENTIALS_DIRECTORY=$service_dir/credentials"
    } >"$service_dir/environment"
    service_value LoadCredential | while IFS=: read -r service_name service_from; do
        cp "$service_from" "$service_dir/credentials/$service_name"
        chmod 400 "$service_dir/credentials/$service_name"
    done
    service_user=$(service_value User)
    set -- env -i PATH=/usr/local/bin:/usr/bin:/bin
    # As systemd has it: $NAME are words, ${NAME} is one; neither is a shell's.
    while IFS= read -r service_line; do set -- "$@" "$service_line"; done <"$service_dir/environment"
    if [ "$(id -u)" = 0 ] && id "$service_user" >/dev/null 2>&1; then
        chown -R "$service_user:" "$service_dir/credentials"
        set -- setpriv --reuid="$service_user" --regid="$service_user" --clear-groups "$@"
    fi
    service_umask=$(service_value UMask)
    (umask "${service_umask:-0022}" && cd / &&
        exec "$@" sh -c "exec $(service_value ExecStart)" </dev/null)
}
