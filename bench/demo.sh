#!/usr/bin/env bash
# The demonstration: bench/demo.sh SPATE-BINARY. Makes a file of random bytes, seeds it (with the
# embedded tracker) and downloads it as two processes over loopback, compares the two files byte by
# byte and prints what the transfer cost. SPATE_DEMO_MIB sets the size, 1024 unless the disk is small.
set -euo pipefail

spate=$1
size_mib_min=16
ready_s_max=300

say() { printf '%s\n' "$*"; }
die() {
    printf 'demonstration: %s\n' "$*" >&2
    exit 1
}

# On the disk that holds the build, because /tmp may be memory.
home=$(mktemp -d "$(dirname "$spate")/demo.XXXXXX")
seeder=
clean_up() {
    if [ -n "$seeder" ]; then
        kill -TERM "$seeder" 2>/dev/null || true
        wait "$seeder" 2>/dev/null || true
    fi
    rm -rf "$home"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

choose_size() {
    local free_mib
    free_mib=$(df -Pm "$home" | awk 'NR == 2 { print $4 }')
    size_mib=${SPATE_DEMO_MIB:-1024}
    # Two copies, and a tenth of the disk's free space stays free.
    local fits=$((free_mib * 9 / 20))
    [ "$size_mib" -le "$fits" ] || size_mib=$fits
    [ "$size_mib" -ge "$size_mib_min" ] || die "needs $((size_mib_min * 2)) MiB of disk below $(dirname "$home")"
}

wait_until_ready() {
    local i
    for ((i = 0; i < ready_s_max * 10; ++i)); do
        ! grep -q '"event": *"ready"' "$home/seed.json" || return 0
        kill -0 "$seeder" 2>/dev/null || break
        sleep 0.1
    done
    cat "$home/seed.json" "$home/seed.log" >&2
    die "the seeder did not get ready"
}

# value FILE NAME: a number of a ledger: what the process spent stands first, before the "total" of its
# core threads, which leaves out the kernel's workers.
value() {
    tr -d ' \n' <"$1" | awk -v name="\"$2\":" '{
        at = index($0, name)
        print at ? substr($0, at + length(name)) + 0 : 0
    }'
}

# row TITLE FORMAT EXPRESSION: the expression (in awk, on the names of the ledger) for both sides.
row() {
    local file name assignments=() cells=()
    for file in "$home/seed.stats" "$home/get.stats"; do
        assignments=()
        for name in bytes_down bytes_up cpu_user_s cpu_sys_s peak_rss_bytes bytes_copied_user enter_calls \
            ops_submitted hash_bytes hash_seconds; do
            assignments+=(-v "$name=$(value "$file" "$name")")
        done
        cells+=("$(awk "${assignments[@]}" "BEGIN { bytes = bytes_down + bytes_up; printf \"$2\", $3 }")")
    done
    printf '  %-44s %12s %12s\n' "$1" "${cells[@]}"
}

print_ledger() {
    printf '\n  %-44s %12s %12s\n' "what it cost" seeder downloader
    row 'CPU seconds per GiB' %.2f 'bytes ? (cpu_user_s + cpu_sys_s) * 2^30 / bytes : 0'
    row '  of them in the kernel' %.2f 'bytes ? cpu_sys_s * 2^30 / bytes : 0'
    row 'bytes copied in user space per byte moved' %.3f 'bytes ? bytes_copied_user / bytes : 0'
    row 'system calls per MiB' %.2f 'bytes ? enter_calls * 2^20 / bytes : 0'
    row 'ring operations per MiB' %.2f 'bytes ? ops_submitted * 2^20 / bytes : 0'
    row 'hashed, GiB' %.2f 'hash_bytes / 2^30'
    row 'hashing rate, GB/s' %.2f 'hash_seconds ? hash_bytes / hash_seconds / 1e9 : 0'
    row 'peak memory, MiB' %.0f 'peak_rss_bytes / 2^20'
}

mkdir "$home/seed" "$home/got"
choose_size
say "Making $size_mib MiB of random data in $home"
head -c "$((size_mib << 20))" /dev/urandom >"$home/seed/demo.bin"

say "Hashing and seeding it: spate seed demo.bin"
: >"$home/seed.json"
"$spate" seed "$home/seed/demo.bin" --json --listen 127.0.0.1:0 --sandbox-loopback --stats "$home/seed.stats" \
    >"$home/seed.json" 2>"$home/seed.log" &
seeder=$!
wait_until_ready

say "Downloading it in another process: spate get demo.bin.torrent"
started_ms=$(date +%s%3N)
"$spate" get "$home/seed/demo.bin.torrent" -o "$home/got" --listen 127.0.0.1:0 --sandbox-loopback \
    --stats "$home/get.stats" || die "the download failed"
elapsed_ms=$(($(date +%s%3N) - started_ms))

cmp "$home/seed/demo.bin" "$home/got/demo.bin" || die "the downloaded file differs"
say "Both files are byte-identical. $size_mib MiB in $((elapsed_ms / 1000)).$(printf %03d $((elapsed_ms % 1000))) s," \
    "$((size_mib * 1000 / (elapsed_ms + 1))) MiB/s, start and end of the process included."

kill -TERM "$seeder"
wait "$seeder" || true
seeder=
print_ledger
