#!/usr/bin/env bash
# Is one commit faster than another? Builds both, runs the same transfer with each in turn (A B B A ...),
# and tells a difference from noise: CPU seconds per GiB of the seed and of the download, and seconds.
#
#   perf/compare.sh [--pairs N] [--mib N] COMMIT-A [COMMIT-B]     COMMIT-B is HEAD unless given
#
# The builds stay in build/perf/commits (or $SPATE_PERF_DIR/commits) for the next comparison. With --binaries, the
# two arguments are built programs instead. Exits 0 whatever the verdict is.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

pairs=7 mib=512 binaries=no
while [ $# -gt 0 ]; do
    case $1 in
        -h | --help) usage 0 ;;
        --pairs) pairs=${2:?} && shift 2 ;;
        --mib) mib=${2:?} && shift 2 ;;
        --binaries) binaries=yes && shift ;;
        -*) usage 2 >&2 ;;
        *) break ;;
    esac
done
[[ $# -ge 1 && $# -le 2 && $pairs =~ ^[0-9]+$ && $mib =~ ^[0-9]+$ ]] || usage 2 >&2
need python3 python3

# build COMMIT: prints the path of its program.
build() {
    local commit tree
    commit=$(git -C "$root" rev-parse --verify --quiet "$1^{commit}") || die "there is no commit $1"
    tree=$place/commits/${commit:0:12}
    if [ ! -x "$tree/build/release/spate" ]; then
        say "building $1 (${commit:0:12})"
        mkdir -p "$tree"
        git -C "$root" archive "$commit" | tar -x -C "$tree"
        (cd "$tree" && cmake --preset release && cmake --build --preset release --target spate) >"$tree/build.log" 2>&1 ||
            die "building $1 failed: see $tree/build.log"
    fi
    echo "$tree/build/release/spate"
}

# measure LABEL BINARY: one transfer, one line a figure.
measure() {
    local label=$1 gib side
    spate=$2 gib=$(awk "BEGIN { print $mib / 1024 }")
    transfer seed
    for side in seed get; do
        awk -v user="$(field "$place/$side.json" cpu_user_s)" -v kernel="$(field "$place/$side.json" cpu_sys_s)" -v gib="$gib" \
            -v name="$label $side-CPU-s/GiB" 'BEGIN { print name, (user + kernel) / gib }' >>"$figures"
    done
    sed -n 's/.*"event":"complete".*"seconds":\([0-9.]*\).*/\1/p' "$place/get.lines" |
        awk -v label="$label" '{ print label, "download-s", $1 }' >>"$figures"
}

if [ "$binaries" = yes ]; then
    a=$1 b=${2:-$spate}
    for program in "$a" "$b"; do
        [ -x "$program" ] || die "$program is no program"
    done
else
    need git git
    need cmake cmake
    a=$(build "$1")
    b=$(build "${2:-HEAD}")
fi
make_data "$mib"
figures=$place/compare.figures
for label_binary in "A $a" "B $b"; do # the caches warm, and not counted
    : >"$figures"
    measure "${label_binary%% *}" "${label_binary#* }"
done
: >"$figures"
for ((pair = 1; pair <= pairs; ++pair)); do
    if ((pair % 2)); then
        measure A "$a" && measure B "$b"
    else
        measure B "$b" && measure A "$a"
    fi
    say "pair $pair of $pairs"
done
echo "A: $1    B: ${2:-$([ "$binaries" = yes ] && echo "$spate" || echo HEAD)}    $pairs pairs of $mib MiB"
"$root/perf/noise.py" <"$figures"
