#!/usr/bin/env bash
# Where the CPU time of a spate command goes: perf/record.sh [SPATE-ARGUMENT...], `bench` unless given.
# Records with perf (Debian's linux-perf) and prints the share of each thread and of the heaviest
# functions. The recording stays in build/perf.data for `perf report -i`.
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "$0")")")
spate=$root/build/release/spate
command -v perf >/dev/null || { echo "perf/record.sh: install linux-perf first" >&2; exit 1; }
[ -x "$spate" ] || "$root/run" --version >/dev/null
[ $# -gt 0 ] || set -- bench

status=0
perf record --quiet --call-graph fp -o "$root/build/perf.data" -- "$spate" "$@" || status=$?
for keys in comm comm,symbol; do
    printf '\nby %s\n' "$keys"
    perf report -i "$root/build/perf.data" --no-children --sort "$keys" -g none --stdio 2>/dev/null |
        awk '/^ *[0-9.]+%/ && ++n <= 25'
done
exit "$status"
