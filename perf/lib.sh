# Sourced by the scripts in this folder: messages, and one transfer between two processes.
# shellcheck shell=bash

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
script=perf/$(basename "$0")
spate=${SPATE:-$root/build/release/spate}
place=${SPATE_PERF_DIR:-$root/build/perf}

say() { printf '%s: %s\n' "$script" "$*" >&2; }
die() {
    say "$*"
    exit 1
}

# The comment at the head of a script is its help.
usage() {
    awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$0"
    exit "$1"
}

# need COMMAND PACKAGE: what to do when a tool is missing.
need() {
    command -v "$1" >/dev/null || die "$1 is missing: apt-get install $2"
}

need_spate() {
    [ -x "$spate" ] || [ -n "${SPATE:-}" ] || "$root/run" --version >/dev/null
    [ -x "$spate" ] || die "there is no $spate: build it (cmake --preset release && cmake --build --preset release) or name another in SPATE"
}

# A seed that is left over is stopped by its own id, whatever ends the script.
trap '[ -z "${seeder-}" ] || kill -INT "$seeder" 2>/dev/null || true' EXIT

# make_data MIB: random bytes, kept from one run to the next.
make_data() {
    mkdir -p "$place"
    data=$place/data-$1M.bin
    [ ! -s "$data" ] || return 0
    head -c "$1M" /dev/urandom >"$data.new"
    mv "$data.new" "$data"
}

# field FILE NAME: the first number of that name in a --stats file.
field() { sed -n "s/^ *\"$2\": \([0-9.e+-]*\),\{0,1\}$/\1/p" "$1" | head -n 1; }

# The sentence that says what a run was limited by.
verdict() { sed -n 's/^ *"sentence": "\(.*\)",\{0,1\}$/\1/p' "$1" | head -n 1; }

# transfer SIDE WRAPPER...: `seed` and `get` of the data on a core each (the last two that we may use),
# the WRAPPER before the side that is measured. Leaves $place/seed.json and get.json (--stats).
transfer() {
    local side=$1 cpus seed_wrapper=() get_wrapper=() common address
    shift
    if [ "$side" = seed ]; then seed_wrapper=("$@"); else get_wrapper=("$@"); fi
    mapfile -t cpus < <(usable_cpus | tail -n 2)
    common=(--no-tracker --sandbox-loopback --listen 127.0.0.1:0 --log-level error --json)
    rm -rf "$place/got" "$place/.spate" "$place/data.torrent" "$place/seed.lines"
    "${seed_wrapper[@]}" "$spate" seed "$data" -o "$place/data.torrent" "${common[@]}" --duration 300s \
        --cores "${cpus[0]}-${cpus[0]}" --stats "$place/seed.json" >"$place/seed.lines" &
    seeder=$!
    address=$(wait_for_address "$seeder") || die "the seed did not start"
    "${get_wrapper[@]}" timeout 120 "$spate" get "$place/data.torrent" -o "$place/got" "${common[@]}" \
        --cores "${cpus[-1]}-${cpus[-1]}" --peer "$address" --stats "$place/get.json" >"$place/get.lines" ||
        die "the download failed: $(tail -n 1 "$place/get.lines")"
    kill -INT "$(sed -n 's/.*"event":"ready".*"pid":\([0-9]*\).*/\1/p' "$place/seed.lines")"
    wait "$seeder" || [ $? -eq 130 ] || die "the seed failed"
    seeder=
    rm -rf "$place/got"
}

# The CPUs that this shell may run on, one a line.
usable_cpus() {
    sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status | tr , '\n' |
        awk -F- '{ for (cpu = $1; cpu <= ($2 == "" ? $1 : $2); ++cpu) print cpu }'
}

# wait_for_address SEEDER: where it listens, once it has hashed its data.
wait_for_address() {
    local line
    for _ in {1..600}; do
        line=$(grep -m 1 '"event":"ready"' "$place/seed.lines" 2>/dev/null || true)
        if [ -n "$line" ]; then
            line=${line#*\"listen\":[\"}
            echo "${line%%\"*}"
            return
        fi
        kill -0 "$1" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}
