#!/usr/bin/env bash
# Where CPU time goes: records with perf, prints the heaviest threads and functions, draws a flame graph.
#
#   perf/record.sh [--side seed|get] [--stacks fp|dwarf] [--mib N]   one end of a transfer on this machine
#   perf/record.sh [--stacks fp|dwarf] -- SPATE-ARGUMENT...          any spate command
#
# Stacks come from frame pointers, which release builds keep; Debian's libraries have none, so when
# most stacks end in them, --stacks dwarf copies the stack instead (slower, larger). Leaves perf.data,
# stacks.folded and flame.svg in build/perf (or $SPATE_PERF_DIR). SPATE names another binary.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

side=seed stacks=fp mib=1024
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage 0 ;;
        --side) side=${2:?} && shift 2 ;;
        --stacks) stacks=${2:?} && shift 2 ;;
        --mib) mib=${2:?} && shift 2 ;;
        --) shift && break ;;
        -*) usage 2 >&2 ;;
        *) break ;;
    esac
done
[[ $side =~ ^(seed|get)$ && $stacks =~ ^(fp|dwarf)$ && $mib =~ ^[0-9]+$ ]] || usage 2 >&2
need perf linux-perf
need python3 python3
need_spate
mkdir -p "$place"

recording=$place/perf.data
perf=(perf record --quiet --freq 1999 --call-graph "$stacks" -o "$recording" --)
if [ $# -gt 0 ]; then
    title="spate $*"
    "${perf[@]}" "$spate" "$@" || say "the command ended with $?"
else
    title="spate $side, $mib MiB, one core"
    make_data "$mib"
    transfer "$side" "${perf[@]}"
    say "limited by $(verdict "$place/$side.json")"
fi
[ -s "$recording" ] || die "perf recorded nothing; sysctl kernel.perf_event_paranoid must be 2 or less, or run as root"

for keys in comm comm,symbol; do
    printf '\nby %s\n' "$keys"
    perf report -i "$recording" --no-children --sort "$keys" -g none --stdio 2>/dev/null |
        awk '/^ *[0-9.]+%/ && ++n <= 25 { sub(/[ \t-]+$/, ""); print }'
done
perf script -i "$recording" --no-inline 2>/dev/null | "$root/perf/flamegraph.py" --script --fold >"$place/stacks.folded"
"$root/perf/flamegraph.py" --title "$title" <"$place/stacks.folded" >"$place/flame.svg"
# A stack that ends in a library shows as one of a thread, a frame, and nothing else.
awk -v stacks="$stacks" '{ all += $NF; if (split($0, frames, ";") <= 3) shallow += $NF }
    END { if (stacks == "fp" && shallow > all / 3)
              printf "%.0f %% of the stacks are cut short: try --stacks dwarf\n", 100 * shallow / all > "/dev/stderr" }' \
    "$place/stacks.folded"
say "flame graph: $place/flame.svg"
