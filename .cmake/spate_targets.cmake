# spate_library(NAME SOURCES a.cpp ... LINK lib ...): one library a folder; its link line is the
# layering rule of docs/architecture.md. A folder with headers only passes no SOURCES.
#
# With SPATE_LTO the objects are fat: the spate binary is optimised across them, while the tests
# link the same objects the ordinary way instead of optimising the whole program once a test.
function(spate_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
    if(ARG_SOURCES)
        add_library(${name} STATIC ${ARG_SOURCES})
        target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
        target_link_libraries(${name} PUBLIC ${ARG_LINK})
        if(SPATE_LTO)
            target_compile_options(${name} PRIVATE -flto=auto -ffat-lto-objects)
        endif()
    else()
        add_library(${name} INTERFACE)
        target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR})
        target_link_libraries(${name} INTERFACE ${ARG_LINK})
    endif()
endfunction()

# Compiles what never runs hot (tests, the command line) with little optimisation: a third of the
# compiler's time, which is most of what a run of all tests takes. BUSY for tests that compute so
# much that the sanitizers' run would cost more than that.
function(spate_cold_code target)
    cmake_parse_arguments(ARG "BUSY" "" "" ${ARGN})
    if(SPATE_SANITIZE AND NOT ARG_BUSY)
        target_compile_options(${target} PRIVATE -O0)
    else()
        target_compile_options(${target} PRIVATE -O1)
    endif()
endfunction()

# spate_program(NAME SOURCES main.cpp ... LINK lib ...): the program that users run, left at
# build/PRESET/NAME, link-time optimised with SPATE_LTO, on mimalloc, and installed with its
# manual page docs/man/NAME.1.
function(spate_program name)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE ${ARG_LINK})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
    if(SPATE_LTO)
        target_compile_options(${name} PRIVATE -flto=auto)
        # GCC's -flto reports false positives of these two across translation units.
        target_link_options(${name} PRIVATE -flto=auto -Wno-stringop-overflow -Wno-free-nonheap-object)
    endif()
    spate_use_mimalloc(${name})
    spate_check(${name} system)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    if(EXISTS ${PROJECT_SOURCE_DIR}/docs/man/${name}.1)
        install(FILES ${PROJECT_SOURCE_DIR}/docs/man/${name}.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
    endif()
endfunction()

# malloc, free and operator new of `target` and of every library it loads are mimalloc's. The
# library stands first among those loaded and is kept though no symbol names it. Sanitizers bring
# an allocator of their own, so their builds keep that one.
function(spate_use_mimalloc target)
    if(SPATE_SANITIZE)
        return()
    endif()
    target_link_options(${target} PRIVATE
        -Wl,--push-state,--no-as-needed $<TARGET_FILE:mimalloc> -Wl,--pop-state)
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/engine/cli/allocator.cpp)
    target_include_directories(${target} PRIVATE $<TARGET_PROPERTY:mimalloc,INTERFACE_INCLUDE_DIRECTORIES>)
endfunction()

# spate_test(NAME SOURCES a_test.cpp ... LINK lib ... [LABELS label ...] [TIMEOUT seconds] [BUSY]): one
# test binary a folder, mirrored in tests/. Labels, `unit` unless given:
#   unit       in one process, quick; the asan preset runs it too
#   sanitizer  longer, and the asan preset runs it too
#   threads    besides one of these: has threads, so the tsan preset runs it too
#   system     starts the spate binary
#   interop    starts other people's clients
# Whatever isn't `unit` runs alone, since it takes both cores and its timing matters.
#
# The target `checks` builds the tests that its preset runs, and nothing else: half the work of a
# sanitizer's build.
function(spate_test name)
    cmake_parse_arguments(ARG "BUSY" "TIMEOUT" "SOURCES;LINK;LABELS" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gtest GTest::gmock GTest::gtest_main)
    if(SPATE_LTO)
        target_link_options(${name} PRIVATE -fno-lto -fno-use-linker-plugin)
    endif()
    if(ARG_BUSY)
        spate_cold_code(${name} BUSY)
    else()
        spate_cold_code(${name})
    endif()
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES
        ENVIRONMENT GTEST_OUTPUT=xml:${PROJECT_BINARY_DIR}/results/${name}.xml)
    spate_test_properties(${name} TIMEOUT ${ARG_TIMEOUT} LABELS ${ARG_LABELS})
    spate_check(${name} ${ARG_LABELS})
endfunction()

# spate_check(TARGET [label ...]): `checks` builds the target if its preset runs such tests.
function(spate_check target)
    set(labels ${ARGN})
    if(NOT labels)
        set(labels unit)
    endif()
    if(SPATE_SANITIZE STREQUAL "thread")
        set(wanted threads)
    elseif(SPATE_SANITIZE)
        set(wanted unit sanitizer fuzz)
    else()
        set(wanted ${labels})
    endif()
    foreach(label IN LISTS labels)
        if(label IN_LIST wanted)
            add_dependencies(checks ${target})
        endif()
    endforeach()
endfunction()

# The same labels and time limit for a test that add_test() made: a script, for example.
function(spate_test_properties name)
    cmake_parse_arguments(ARG "" "TIMEOUT" "LABELS" ${ARGN})
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 120)
    endif()
    if(NOT ARG_LABELS)
        set(ARG_LABELS unit)
    endif()
    set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
    if(NOT "unit" IN_LIST ARG_LABELS)
        set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
    endif()
endfunction()

# spate_fuzz(NAME LINK lib ... [SOURCES a.cpp ...]): tests/fuzz/NAME.cpp with its small corpus in
# corpus/NAME/ and, where there is one, its dictionary in dictionaries/NAME. As a test it runs
# SPATE_FUZZ_SECONDS; what it finds new stays in the build folder, findings in findings/.
# tests/fuzz/run runs all of them for as long as one likes.
function(spate_fuzz name)
    cmake_parse_arguments(ARG "" "" "LINK;SOURCES" ${ARGN})
    set(grown ${PROJECT_BINARY_DIR}/corpus/${name})
    set(findings ${PROJECT_BINARY_DIR}/findings)
    file(MAKE_DIRECTORY ${grown} ${findings})
    set(dictionary)
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/dictionaries/${name})
        set(dictionary -dict=${CMAKE_CURRENT_SOURCE_DIR}/dictionaries/${name})
    endif()
    add_executable(${name} ${name}.cpp ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE ${ARG_LINK})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz_${name} COMMAND ${name}
        -max_total_time=${SPATE_FUZZ_SECONDS} -timeout=5 -rss_limit_mb=1024 -print_final_stats=1
        ${dictionary} -artifact_prefix=${findings}/${name}- ${grown} ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
    set_tests_properties(fuzz_${name} PROPERTIES LABELS fuzz TIMEOUT 120)
    spate_check(${name} fuzz)
endfunction()
