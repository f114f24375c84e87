# What every file is compiled with. One binary runs on any x86-64 from 2013 on: the baseline is
# x86-64-v2; files that use more (hashing kernels) say so themselves and are chosen at run time.
add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Werror
                    -march=x86-64-v2 -fno-omit-frame-pointer -g1)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 reports these of inlined std::vector and std::string where nothing is wrong;
    # AddressSanitizer finds the true ones.
    add_compile_options(-Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds -Wno-restrict
                        -Wno-maybe-uninitialized)
else()
    # The library of GCC 12 calls its own deprecated std::get_temporary_buffer in std::stable_sort.
    add_compile_options(-Wno-deprecated-declarations)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
    add_compile_options(-O3)
    add_link_options(-O3)
endif()

if(SPATE_SANITIZE)
    # -O1: sanitized code compiles in half the time of -O2 and its stack traces keep their frames.
    # The library's assertions catch what sanitizers don't see: an empty optional that is read.
    add_compile_options(-O1 -fsanitize=${SPATE_SANITIZE} -fno-sanitize-recover=all -D_GLIBCXX_ASSERTIONS)
    add_link_options(-fsanitize=${SPATE_SANITIZE})
endif()

if(SPATE_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
