#!/usr/bin/env bash
# perf_scripts.sh PERF-FOLDER: the scripts explain themselves, and what they compute is right.
set -euo pipefail
perf=$1
failed=0
expect() { # expect WHAT COMMAND...
    local what=$1
    shift
    "$@" >/dev/null 2>&1 || { echo "$what"; failed=1; }
}

for script in record stat offcpu compare; do
    "$perf/$script.sh" --help | grep -q "perf/$script.sh" || { echo "$script.sh --help doesn't say how to call it"; failed=1; }
    status=0
    "$perf/$script.sh" --no-such-option >/dev/null 2>&1 || status=$?
    [ "$status" = 2 ] || { echo "$script.sh --no-such-option ends with $status"; failed=1; }
done
if command -v shellcheck >/dev/null; then
    expect "shellcheck finds something: shellcheck -x perf/*.sh" shellcheck -x "$perf"/*.sh
fi

# Two samples, as perf prints them: one stack each, from the inside out.
script='spate-core-0  100/101  5.000001:     500250 cpu-clock:pppH:
	           55d0 spate::wire::(anonymous namespace)::read<int>(std::span<int>)+0x10 (/x/spate)
	           66d0 main+0x20 (/x/spate)

spate-core-0  100/101  5.000501:     500250 cpu-clock:pppH:
	           66d0 main+0x24 (/x/spate)
'
folded=$("$perf/flamegraph.py" --script --fold <<<"$script")
[ "$folded" = "$(printf 'spate-core-0;main 1\nspate-core-0;main;spate::wire::read 1')" ] || { echo "folded: $folded"; failed=1; }
picture=$("$perf/flamegraph.py" --title 'a <b>' <<<"$folded")
for part in '<svg' '<title>main: 2 (100.0 %)</title>' '<title>spate::wire::read: 1 (50.0 %)</title>' 'a &lt;b&gt;: 2 samples' '</svg>'; do
    grep -qF "$part" <<<"$picture" || { echo "the picture lacks $part"; failed=1; }
done
! grep -q 'http[^ ]*//' <<<"${picture//http:\/\/www.w3.org\/2000\/svg/}" || { echo "the picture loads something"; failed=1; }
expect "no samples must be an error" bash -c "! '$perf/flamegraph.py' </dev/null"

# pairs A B NOISE: eight pairs around A and B.
pairs() { awk -v a="$1" -v b="$2" -v noise="$3" 'BEGIN { for (i = 0; i < 8; ++i) { print "A x", a + noise * (i % 4 - 1.5); print "B x", b + noise * ((i + 2) % 4 - 1.5) } }'; }
verdict() { "$perf/noise.py"; }
pairs 1 0.8 0.01 | verdict | grep -q 'B takes .* % less' || { echo "a clear gain isn't seen"; failed=1; }
pairs 1 1.2 0.01 | verdict | grep -q 'B takes .* % more' || { echo "a clear loss isn't seen"; failed=1; }
pairs 1 1 0.01 | verdict | grep -q 'a tie' || { echo "no difference is no tie"; failed=1; }
pairs 1 0.95 0.3 | verdict | grep -q 'a tie' || { echo "noise is taken for a difference"; failed=1; }
pairs 1 0.995 0 | verdict | grep -q 'a tie' || { echo "a difference of no interest isn't a tie"; failed=1; }
pairs 1 0.8 0.01 | head -n 8 | verdict | grep -q 'prove nothing' || { echo "four pairs are taken for a proof"; failed=1; }
exit "$failed"
