# Sourced by ./run and ./test: the Debian packages that spate needs, and how a preset is built.
# Everything here talks on standard error, because standard output belongs to spate.
# shellcheck shell=bash

build_packages=(
    ca-certificates cmake g++ ninja-build pkg-config
    libbenchmark-dev libc-ares-dev libcli11-dev libcurl4-openssl-dev libfmt-dev libgmock-dev libgtest-dev
    libmimalloc-dev libspdlog-dev libssl-dev libtbb-dev libtomlplusplus-dev liburing-dev libxxhash-dev
    nlohmann-json3-dev systemtap-sdt-dev
)
# The fuzzer and the linters (llvm-19 names the functions in their reports), then the programs that the
# interoperability tests run.
test_packages=(
    clang-19 clang-format-19 clang-tidy-19 libclang-rt-19-dev llvm-19
    aria2 iproute2 mktorrent opentracker procps python3 python3-libtorrent transmission-cli transmission-daemon
)
# Services among them: the tests start their own, so none is started or left to start at the next boot.
test_services=(opentracker transmission-daemon)

say() { printf 'spate: %s\n' "$*" >&2; }
die() {
    say "$*"
    exit 1
}

missing_packages() {
    local installed
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' || true)
    comm -23 <(printf '%s\n' "$@" | sort -u) <(sort -u <<<"$installed")
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    elif command -v sudo >/dev/null; then
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    else
        die "these packages are missing and installing them takes root or sudo: ${missing[*]}"
    fi
}

# Runs the command without letting the packages it installs start their services, the documented way
# (invoke-rc.d asks policy-rc.d). A policy that is there already is the administrator's and stays.
without_services() {
    local policy=/usr/sbin/policy-rc.d ours=no status=0
    if [ ! -e "$policy" ]; then
        ours=yes
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
    fi
    "$@" || status=$?
    [ "$ours" = no ] || as_root rm -f "$policy"
    return "$status"
}

# install_packages PACKAGE...: installs what is missing; asks nothing of apt when nothing is.
install_packages() {
    command -v dpkg-query >/dev/null || {
        say "no Debian here: taking the packages of .ci/setup.sh for installed"
        return 0
    }
    local missing service
    mapfile -t missing < <(missing_packages "$@")
    [ ${#missing[@]} -gt 0 ] || return 0
    say "installing ${#missing[@]} packages: ${missing[*]}"
    local apt=(apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)
    local log
    log=$(mktemp)
    if ! as_root "${apt[@]}" update >"$log" 2>&1 ||
        ! without_services as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        die "apt-get could not install the packages (its words are above)"
    fi
    rm -f "$log"
    command -v systemctl >/dev/null || return 0
    for service in "${test_services[@]}"; do
        [[ " ${missing[*]} " != *" $service "* ]] || as_root systemctl disable --quiet "$service" 2>/dev/null || true
    done
}

# build_preset PRESET [TARGET...]: configures once and builds; says nothing when nothing changed.
build_preset() {
    local preset=$1 dir=$root/build/$1
    shift
    mkdir -p "$root/build"
    if [ ! -f "$dir/build.ninja" ] || [ "$root/CMakePresets.json" -nt "$dir/build.ninja" ]; then
        say "configuring $preset"
        (cd "$root" && cmake --preset "$preset") >"$dir.log" 2>&1 || {
            cat "$dir.log" >&2
            die "configuring $preset failed"
        }
    fi
    case $(ninja -C "$dir" -n "$@" 2>&1 | tail -n 1) in
        *"no work to do"*) return 0 ;;
    esac
    if [ -t 2 ]; then
        NINJA_STATUS="spate: building $preset [%f/%t] " ninja -C "$dir" "$@" >&2
    else
        say "building $preset"
        ninja -C "$dir" --quiet "$@" >&2
    fi || die "building $preset failed"
}
