# root.sh - a clean root of this distribution, for tests that install packages.
# shellcheck shell=sh
#
# After tests/lib/tap.sh and test_start:
#
#   root_needed                ends the test (skip_all) where no root can be made here, with the reason
#   root_make DIR [PACKAGE...] a minimal system in the new directory DIR, these packages in it. It is
#                              made by debootstrap once and kept, as a tarball below build/packages
#   root_make_for DIR DEB...   the same with all that these packages depend on (not the packages
#                              themselves), and what the tests in tests/packages use: one for all
#   root_run DIR COMMAND...    runs COMMAND in it, as root: /proc and a small /dev are there, no
#                              network is. stdin is passed on, the exit status is COMMAND's
#   root_files DIR             what is in it: "type mode owner:group name" a line, sorted
#   root_remove DIR
#
# Nothing stays mounted, whatever happens: each root_run has mounts, processes and network of its own
# (namespaces), which the kernel takes away when the command is over or killed.
#
# ROOT_MIRROR and ROOT_SUITE say where the packages come from, instead of apt's own configuration.
# shellcheck disable=SC2154 # TOP is tap.sh's

root_why_not() {
    if [ "$(id -u)" != 0 ]; then
        echo 'a clean root can only be made by root'
    elif ! command -v apt-get >/dev/null; then
        echo 'not a Debian: no apt-get'
    elif ! command -v debootstrap >/dev/null; then
        echo 'debootstrap is not installed: scripts/install-deps package'
    elif ! unshare --mount --pid --net --fork --kill-child mount -t tmpfs none /mnt 2>/dev/null; then
        echo 'no namespaces here: unshare(1) or mount(8) is refused'
    elif case $(root_source) in ' '*) ;; *) false ;; esac then
        echo 'apt has no Debian mirror here: ROOT_MIRROR= names one'
    fi
}

root_needed() {
    root_reason=$(root_why_not)
    [ -z "$root_reason" ] || skip_all "$root_reason"
}

# "MIRROR SUITE": what apt itself uses.
root_source() {
    root_suite=${ROOT_SUITE:-$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")}
    root_mirror=${ROOT_MIRROR:-$("$TOP/scripts/build-libgit2" --print-mirror)}
    echo "${root_mirror%% *} $root_suite"
}

# The tarball's name; it is made when it is not there yet.
root_tarball() {
    root_list=$(printf '%s\n' "$@" | sort -u | paste -sd, -)
    root_suite=$(root_source)
    root_mirror=${root_suite% *}
    root_suite=${root_suite#* }
    root_key=$(printf '%s\n' "$root_mirror" "$root_list" | sha256sum | cut -c1-8)
    root_cache=$TOP/build/packages/roots
    root_tar=$root_cache/$root_suite-$(dpkg --print-architecture)-$root_key.tar
    mkdir -p "$root_cache" || return 1
    (
        # Two tests that want the same one: the second finds what the first has made.
        flock 9
        [ ! -f "$root_tar" ] || exit 0
        root_new=$(mktemp -d "$root_cache/.new.XXXXXX") || exit 1
        trap 'root_remove "$root_new"; rm -f "$root_tar.new"' EXIT
        trap 'exit 1' HUP INT TERM
        # In a namespace, too: debootstrap mounts, and does not always clean up when it fails.
        unshare --mount --pid --fork --kill-child debootstrap --variant=minbase \
            ${root_list:+"--include=$root_list"} "$root_suite" "$root_new" "$root_mirror" \
            >"$root_cache/debootstrap.log" 2>&1 || {
            tail -n 20 "$root_cache/debootstrap.log" >&2
            exit 1
        }
        chmod 755 "$root_new"
        rm -rf "$root_new"/var/cache/apt/archives/*.deb "$root_new"/var/lib/apt/lists/*_*
        tar -C "$root_new" -cf "$root_tar.new" . && mv "$root_tar.new" "$root_tar"
    ) 9>"$root_cache/.lock" || return 1
    echo "$root_tar"
}

root_make() {
    root_dir=$1
    shift
    root_from=$(root_tarball "$@") || return 1
    mkdir "$root_dir" && tar -C "$root_dir" --numeric-owner -xpf "$root_from"
}

root_make_for() {
    root_dir=$1
    shift
    root_needs=$(for deb; do dpkg-deb -f "$deb" Depends; done | tr ',' '\n' |
        sed -e 's/([^)]*)//; s/|.*//; s/ //g' -e '/^refgate/d' -e '/^$/d')
    # shellcheck disable=SC2086 # a list
    root_make "$root_dir" $root_needs git jq python3 openssl ca-certificates
}

# Run by root_run in the new namespaces.
root_inside='
    set -e
    dir=$1
    shift
    mount -t proc -o nosuid,nodev,noexec proc "$dir/proc"
    mount -t tmpfs -o mode=755,nosuid,noexec dev "$dir/dev"
    for f in null zero full random urandom; do
        : >"$dir/dev/$f"
        mount --bind "/dev/$f" "$dir/dev/$f"
    done
    ln -s /proc/self/fd "$dir/dev/fd"
    ln -s /proc/self/fd/0 "$dir/dev/stdin"
    ln -s /proc/self/fd/1 "$dir/dev/stdout"
    ln -s /proc/self/fd/2 "$dir/dev/stderr"
    mkdir "$dir/dev/shm"
    chmod 1777 "$dir/dev/shm"
    ! command -v ip >/dev/null || ip link set lo up || :
    exec chroot "$dir" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        HOME=/root LC_ALL=C TZ=UTC DEBIAN_FRONTEND=noninteractive "$@"'

root_run() {
    unshare --mount --pid --net --ipc --fork --kill-child sh -c "$root_inside" root_run "$@"
}

root_files() {
    (cd "$1" && find . -xdev -printf '%y %m %u:%g %p\n' | LC_ALL=C sort -k 4)
}

# Never through a mount: not the machine's /dev or /proc, whatever is left there.
root_remove() {
    [ -d "$1" ] || return 0
    root_path=$(cd "$1" && pwd -P) || return 1
    if awk -v d="$root_path/" 'index($5 "/", d) == 1 { found = 1 } END { exit !found }' /proc/self/mountinfo; then
        echo "# $root_path: something is mounted there; it stays" >&2
        return 1
    fi
    rm -rf --one-file-system "$root_path"
}
