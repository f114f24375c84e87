#!/usr/bin/env bash
# What a GiB costs: CPU time, cycles, instructions per cycle and cache misses where the machine counts
# them, else what the kernel counts (and it says so). Medians of several transfers on this machine.
#
#   perf/stat.sh [--side seed|get] [--runs N] [--mib N]
#
# SPATE names another binary; files go to build/perf (or $SPATE_PERF_DIR).
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

side=seed runs=5 mib=1024
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage 0 ;;
        --side) side=${2:?} && shift 2 ;;
        --runs) runs=${2:?} && shift 2 ;;
        --mib) mib=${2:?} && shift 2 ;;
        *) usage 2 >&2 ;;
    esac
done
[[ $side =~ ^(seed|get)$ && $runs =~ ^[0-9]+$ && $mib =~ ^[0-9]+$ ]] || usage 2 >&2
need perf linux-perf
need_spate
make_data "$mib"

software=task-clock,context-switches,cpu-migrations,page-faults
hardware=cycles,instructions,cache-references,cache-misses
events=$software
if perf stat -x, -e cycles true 2>&1 | grep -q '^[0-9]'; then
    events=$software,$hardware
else
    echo "This machine gives no hardware counters (a virtual machine, as a rule): software events only."
fi

counts=$place/stat.csv
: >"$counts"
for ((run = 1; run <= runs; ++run)); do
    transfer "$side" perf stat -x, -e "$events" -o "$place/stat.one"
    sed -n "s/^\([0-9.]*\),[^,]*,\([a-z-]*\)[:,].*/\2 \1/p" "$place/stat.one" >>"$counts"
    for name in cpu_user_s cpu_sys_s enter_calls ops_submitted; do
        echo "$name $(field "$place/$side.json" "$name")" >>"$counts"
    done
done

echo "$side of $mib MiB, one core: medians of $runs runs, per GiB"
sort -k1,1 -k2,2g "$counts" | awk -v gib="$(awk "BEGIN { print $mib / 1024 }")" '
    function flush() { if (n) { middle[name] = (value[int((n + 1) / 2)] + value[int(n / 2) + 1]) / 2; order[++names] = name } n = 0 }
    $1 != name { flush(); name = $1 }
    { value[++n] = $2 }
    END {
        flush()
        for (i = 1; i <= names; ++i) {
            amount = middle[order[i]] / gib
            if (order[i] == "task-clock") printf "  %-20s %12.1f ms\n", order[i], amount
            else if (order[i] ~ /_s$/) printf "  %-20s %12.3f s\n", order[i], amount
            else printf "  %-20s %12.0f\n", order[i], amount
        }
        if (middle["cycles"] > 0) printf "  %-20s %12.2f\n", "IPC", middle["instructions"] / middle["cycles"]
    }'
echo "  limited by $(verdict "$place/$side.json")"
