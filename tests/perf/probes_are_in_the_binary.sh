#!/usr/bin/env bash
# probes_are_in_the_binary.sh SPATE LATENCY.BT: the notes of the binary name the very probes that the script
# watches, and each has four arguments.
set -euo pipefail
notes=$(readelf -n "$1")
in_binary=$(awk '/Provider: / { ours = $2 == "spate" } ours && /Name: / { print $2 }' <<<"$notes" | sort -u)
in_script=$(sed -n 's/^usdt:.*:spate:\([a-z_]*\) .*/\1/p' "$2" | sort -u)
explained=$(sed -n 's/^ \*   \([a-z_]*_[a-z_]*\)  *.*, .*, .*, .*/\1/p' "$2" | sort -u)
[ -n "$in_binary" ]
diff <(echo "$in_binary") <(echo "$in_script")
diff <(echo "$in_binary") <(echo "$explained")
awk '/Provider: / { ours = $2 == "spate" }
     ours && /Arguments: / { if (NF != 5) { print "not four arguments:", $0; wrong = 1 } }
     END { exit wrong }' <<<"$notes"
echo "$(wc -l <<<"$in_binary") probes"
