# Sourced by ./test: what it runs besides the build, and the count of what passed.
# shellcheck shell=bash

passed=0
failed=0
failures=()
skipped=()

count() {
    passed=$((passed + $1))
    failed=$((failed + $2))
}

# check NAME COMMAND...: one check, counted as one test.
check() {
    local name=$1
    shift
    say "checking $name"
    if "$@"; then
        count 1 0
    else
        count 0 1
        failures+=("$name")
    fi
}

sources() {
    find engine io hashing bench tests -name '*.[ch]pp' | sort
}

check_layout() {
    local findings
    findings=$(sources | xargs clang-format-19 --dry-run 2>&1 | sed -n 's/:.*clang-format-violations.*/: run clang-format-19 -i on it/p' | sort -u)
    [ -z "$findings" ] || printf '%s\n' "$findings" >&2
    [ -z "$findings" ]
}

# clang-tidy reads the files of the programs (not their tests) with the flags of the fuzz preset, the
# one that clang compiles. A stamp holds the digest of a file, of the project headers it reaches and of
# the configuration, so only what changed is read again.
check_tidy() {
    mkdir -p build/tidy
    local stale
    mapfile -t stale < <(stale_for_tidy)
    [ ${#stale[@]} -gt 0 ] || return 0
    say "clang-tidy reads ${#stale[@]} files"
    printf '%s\n' "${stale[@]}" | xargs -P "$(nproc)" -L 1 bash -c '
        clang-tidy-19 --quiet -p build/fuzz "$1" 2>build/tidy/log.$$ && echo "$2" >"$3" && rm build/tidy/log.$$ && exit
        grep -v "warnings generated" build/tidy/log.$$ >&2; rm build/tidy/log.$$; exit 1' tidy
}

# A line "FILE DIGEST STAMP" for each file whose stamp is another.
stale_for_tidy() {
    local configuration file headers digest stamp
    configuration=$(cat .clang-tidy .cmake/compile_options.cmake CMakePresets.json <(clang-tidy-19 --version) | sha256sum)
    sources | xargs awk -f .ci/includes.awk | while read -r file headers; do
        grep -q "\"file\": \"$root/$file\"" build/fuzz/compile_commands.json || continue
        # shellcheck disable=SC2086
        digest=$({ echo "$configuration" && cat "$file" $headers; } | sha256sum | cut -c 1-32)
        stamp=build/tidy/${file//\//-}.stamp
        [ "$(cat "$stamp" 2>/dev/null)" = "$digest" ] || echo "$file $digest $stamp"
    done
}

# build_and_test PRESET CTEST-ARGUMENT...: a preset that doesn't build is one failure.
build_and_test() {
    if (build_preset "$1" checks); then
        run_ctest "$@"
    else
        count 0 1
        failures+=("$1: build")
    fi
}

# fuzz_all SECONDS: the fuzz targets for so long in all, each counted as one test.
fuzz_all() {
    local line targets crashed
    if ! (build_preset fuzz checks); then
        count 0 1
        failures+=("fuzz: build")
        return
    fi
    say "fuzzing for $1 seconds"
    tests/fuzz/run --time "$1" | tee build/fuzz/fuzz.txt >&2 || true
    targets=$(grep -c '%' build/fuzz/fuzz.txt || true)
    mapfile -t crashed < <(sed -n 's/ crashed; the input is / /p' build/fuzz/fuzz.txt)
    for line in "${crashed[@]}"; do failures+=("fuzz: $line"); done
    [ "$targets" -gt 0 ] || failures+=("fuzz: no target ran")
    count $((targets - ${#crashed[@]})) $((targets > 0 ? ${#crashed[@]} : 1))
}

# run_ctest PRESET CTEST-ARGUMENT...: runs a preset's tests and counts their cases.
run_ctest() {
    local preset=$1 dir=$root/build/$1 wrap=()
    shift
    say "testing $preset"
    rm -rf "$dir/results" "$dir/ctest.xml"
    # ThreadSanitizer of GCC 12 can't map its shadow where the kernel randomises addresses by 32 bits.
    if [ "$preset" = tsan ] && setarch -R true 2>/dev/null; then wrap=(setarch -R); fi
    "${wrap[@]}" ctest --preset "$preset" -j "$(nproc)" --output-junit "$dir/ctest.xml" "$@" || true
    [ -f "$dir/ctest.xml" ] || die "ctest left no results for $preset"
    local name status
    while read -r name status; do
        count_test "$preset" "$name" "$status"
    done < <(test_results "$dir/ctest.xml")
}

# A line "NAME STATUS" for each test: run, fail, skip (by its own decision) or whatever else ctest says.
test_results() {
    awk '
        /<testcase / {
            name = $0; sub(/.* name="/, "", name); sub(/".*/, "", name)
            status = $0; sub(/.* status="/, "", status); sub(/".*/, "", status)
            getline detail
            print name, detail ~ /"SKIP_/ ? "skip" : status
        }' "$1"
}

# count_test PRESET NAME STATUS: a GoogleTest binary counts by its cases; whatever else is one case.
count_test() {
    local line cases wrong
    line=$(grep -m 1 '<testsuites ' "$root/build/$1/results/$2.xml" 2>/dev/null || true)
    cases=$(sed -n 's/.* tests="\([0-9]*\)".*/\1/p' <<<"$line")
    wrong=$(sed -n 's/.* failures="\([0-9]*\)".*/\1/p' <<<"$line")
    : "${cases:=1}" "${wrong:=0}"
    case $3 in
        run) count "$cases" 0 ;;
        skip) skipped+=("$1: $2") ;;
        *)
            [ "$wrong" -gt 0 ] || wrong=1
            count $((cases - wrong)) "$wrong"
            failures+=("$1: $2")
            ;;
    esac
}

summary() {
    [ ${#skipped[@]} -eq 0 ] || printf 'skipped: %s\n' "${skipped[@]}"
    [ ${#failures[@]} -eq 0 ] || printf 'failed: %s\n' "${failures[@]}"
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}
