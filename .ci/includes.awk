# Prints for every .cpp given: its name, then the project headers it reaches, directly or not.
/^#include "/ {
    split($0, quoted, "\"")
    direct[FILENAME] = direct[FILENAME] " " quoted[2]
}
FNR == 1 { known[FILENAME] = 1 }

function reach(file, seen, list, n, i) {
    n = split(direct[file], list, " ")
    for (i = 1; i <= n; ++i)
        if (list[i] in known && !(list[i] in seen)) {
            seen[list[i]] = 1
            reach(list[i], seen)
        }
}

END {
    for (file in known)
        if (file ~ /\.cpp$/) {
            split("", seen)
            reach(file, seen)
            line = file
            for (header in seen) line = line " " header
            print line
        }
}
