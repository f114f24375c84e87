#!/usr/bin/env bash
# What the threads of a running spate wait for, while they don't compute: microseconds off the CPU by
# stack, as folded stacks and a flame graph.
#
#   perf/offcpu.sh PID [SECONDS]     10 seconds unless given; needs root and bpftrace
#
# A core that sleeps in io_uring_enter waits for events: the ledger's wait_s (--stats) says of which
# kind. Every other stack here holds up a whole core: page faults, locks, synchronous file operations.
# Leaves offcpu.folded and offcpu.svg in build/perf (or $SPATE_PERF_DIR).
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

case ${1-} in
    -h | --help) usage 0 ;;
    *[!0-9]* | "") usage 2 >&2 ;;
esac
pid=$1 seconds=${2:-10}
[[ $seconds =~ ^[0-9]+$ ]] || usage 2 >&2
need bpftrace bpftrace
need python3 python3
[ -d "/proc/$pid" ] || die "there is no process $pid"
[ "$(id -u)" = 0 ] || die "tracing the scheduler takes root"
[ -e /sys/kernel/tracing/events ] || die "tracefs is not mounted: mount -t tracefs tracefs /sys/kernel/tracing"
mkdir -p "$place"

# The switch away happens on the stack that waits; the switch back names the thread only.
# shellcheck disable=SC2016  # the dollars are bpftrace's
program='
tracepoint:sched:sched_switch
{
    if (pid == PID && tid != 0) {
        @left[tid] = nsecs;
        @kernel[tid] = kstack;
        @user[tid] = ustack;
    }
    $next = (uint64)args->next_pid;
    if (@left[$next] != 0) {
        @waited_us[args->next_comm, @kernel[$next], @user[$next]] = sum((nsecs - @left[$next]) / 1000);
        delete(@left[$next]);
    }
}
interval:s:SECONDS { clear(@left); clear(@kernel); clear(@user); exit(); }'
program=${program//PID/$pid}
program=${program//SECONDS/$seconds}

say "watching process $pid for $seconds s"
BPFTRACE_STRLEN=32 bpftrace -e "$program" >"$place/offcpu.raw" 2>"$place/offcpu.errors" || true
# A record is "@waited_us[thread,", the frames of both stacks from the inside out, "]: microseconds".
awk '
    /^@waited_us\[/ { thread = $0; sub(/^@waited_us\[/, "", thread); sub(/,.*/, "", thread); stack = ""; inside = 1; next }
    inside && /^\]?.*\]: [0-9]+$/ { count = $0; sub(/.*\]: /, "", count); if (count > 0) print thread stack " " count; inside = 0; next }
    inside {
        frame = $0
        gsub(/^[ \t]+|[ \t,]+$/, "", frame)
        sub(/\+[0-9]+$/, "", frame)
        gsub(/;/, ":", frame)
        if (frame != "") stack = ";" frame stack
    }' "$place/offcpu.raw" >"$place/offcpu.folded"
[ -s "$place/offcpu.folded" ] || die "nothing was recorded: $(tail -n 1 "$place/offcpu.errors")"
"$root/perf/flamegraph.py" --title "process $pid off the CPU, microseconds" <"$place/offcpu.folded" >"$place/offcpu.svg"
awk '{ count = $NF; sub(/;.*/, ""); waited[$0] += count } END { for (name in waited) printf "%12.3f s  %s\n", waited[name] / 1e6, name }' \
    "$place/offcpu.folded" | sort -rn
say "flame graph: $place/offcpu.svg"
