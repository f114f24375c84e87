#!/usr/bin/env bash
# kernels_keep_to_themselves.sh NM OBJECT...: fails when a kernel's object file defines code that the
# linker may merge with another file's (weak functions), or any function that isn't a kernel.
set -euo pipefail
nm=$1
shift
[[ $# -ge 5 ]] || { echo "expected all the kernels' object files, got: $*"; exit 1; }
for object in "$@"; do
    [[ $object == */openssl.cpp.o ]] && continue # baseline instructions
    defined=$("$nm" -C --defined-only "$object" | awk '$2 ~ /^[TtWw]$/')
    grep -q ' T spate::hashing::kernels::' <<<"$defined" || { echo "$object: no kernels"; exit 1; }
    if grep -v -E ' T spate::hashing::kernels::| t _(GLOBAL__)?sub_' <<<"$defined"; then
        echo "$object defines the above"
        exit 1
    fi
done
