// The table of docs/architecture.md, held against the whole tree; then against samples that break
// it, so that a checker that sees nothing can't pass.
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/layering/source_check.hpp"

namespace spate::layering {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

std::vector<fs::path> sources_below(const char* folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(SPATE_SOURCE_DIR) / folder))
        if (entry.path().extension() == ".hpp" || entry.path().extension() == ".cpp")
            files.push_back(entry.path());
    return files;
}

class EveryFile : public testing::TestWithParam<const char*> {};

TEST_P(EveryFile, KeepsToItsLayer) {
    for (const fs::path& file : sources_below(GetParam())) {
        const std::string path = fs::relative(file, SPATE_SOURCE_DIR).generic_string();
        for (const std::string& breach : check_source(path, text_of(file))) ADD_FAILURE() << breach;
    }
}

INSTANTIATE_TEST_SUITE_P(Layering, EveryFile, testing::Values("engine", "io", "hashing"));

TEST(Layering, TheTreeIsFound) {
    EXPECT_THAT(sources_below("engine"), Not(IsEmpty()));
}

TEST(Layering, AProtocolMachineMayNotSeeTheRing) {
    EXPECT_THAT(check_source("engine/wire/framer.cpp", "// framer\n#include \"io/ring.hpp\"\n"),
                ElementsAre(HasSubstr("framer.cpp:2: engine/wire may not include io")));
}

TEST(Layering, ALayerMayNotIncludeTheOneAbove) {
    EXPECT_THAT(check_source("io/ring.cpp", "#include \"engine/wire/framer.hpp\"\n"),
                Contains(HasSubstr("io may not")));
    EXPECT_THAT(
        check_source("engine/swarm/picker.cpp", "#include \"engine/session/session.hpp\"\n"),
        Contains(HasSubstr("engine/swarm may not include engine/session")));
    EXPECT_THAT(check_source("engine/base/bytes.hpp", "#include \"engine/metainfo/bencode.hpp\"\n"),
                Contains(HasSubstr("engine/base may not include engine/metainfo")));
}

TEST(Layering, NothingIncludesTestsBenchOrPerf) {
    for (const std::string folder : {"tests", "bench", "perf"})
        EXPECT_THAT(check_source("engine/cli/main.cpp", "#include \"" + folder + "/helper.hpp\"\n"),
                    Contains(HasSubstr("no folder that may be included")));
}

TEST(Layering, AFolderWithoutARuleIsABreach) {
    EXPECT_THAT(check_source("engine/misc/util.cpp", ""), Contains(HasSubstr("no rule")));
}

TEST(Layering, APureFolderUsesNoSystemHeader) {
    for (const std::string header :
         {"sys/socket.h", "unistd.h", "thread", "mutex", "fstream", "filesystem", "random"})
        EXPECT_THAT(check_source("engine/session/session.cpp", "#include <" + header + ">\n"),
                    Contains(HasSubstr("engine/session is pure")))
            << header;
}

TEST(Layering, APureFolderReadsNoClockAndStartsNoThread) {
    EXPECT_THAT(
        check_source("engine/swarm/choker.cpp", "auto t = std::chrono::steady_clock::now();\n"),
        Contains(HasSubstr("ambient")));
    EXPECT_THAT(check_source("engine/sim/network.cpp", "std::random_device device;\n"),
                Contains(HasSubstr("ambient")));
    EXPECT_THAT(check_source("engine/storage/plan.cpp", "std::thread worker(run);\n"),
                Contains(HasSubstr("pure")));
    EXPECT_THAT(check_source("engine/metainfo/torrent.cpp", "FILE* f = fopen(path, mode);\n"),
                Contains(HasSubstr("pure")));
}

TEST(Layering, OnlyTheClockAndMainReadTheClock) {
    const char* reads = "return std::chrono::steady_clock::now();\n";
    EXPECT_THAT(check_source("io/clock.hpp", reads), IsEmpty());
    EXPECT_THAT(check_source("engine/cli/main.cpp", reads), IsEmpty());
    EXPECT_THAT(check_source("io/ring.cpp", reads), Contains(HasSubstr("ambient")));
    EXPECT_THAT(check_source("engine/driver/core.cpp", reads), Contains(HasSubstr("ambient")));
}

TEST(Layering, AThirdPartyLibraryStaysInItsFolder) {
    EXPECT_THAT(check_source("io/ring.hpp", "#include <liburing.h>\n"), IsEmpty());
    EXPECT_THAT(check_source("engine/driver/core.cpp", "#include <liburing.h>\n"),
                Contains(HasSubstr("may not use")));
    EXPECT_THAT(check_source("engine/driver/tracker/fetch.cpp", "#include <curl/curl.h>\n"),
                IsEmpty());
    EXPECT_THAT(check_source("engine/driver/core.cpp", "#include <curl/curl.h>\n"),
                Contains(HasSubstr("may not use")));
    EXPECT_THAT(check_source("hashing/kernels/sha1.cpp",
                             "#include <immintrin.h>\n#include <openssl/sha.h>\n"),
                IsEmpty());
    EXPECT_THAT(check_source("io/file.cpp", "#include <openssl/sha.h>\n"),
                Contains(HasSubstr("may not use")));
    EXPECT_THAT(check_source("hashing/xxh3.cpp", "#include <xxhash.h>\n"), IsEmpty());
    EXPECT_THAT(check_source("engine/storage/resume.cpp", "#include <xxhash.h>\n"),
                Contains(HasSubstr("may not include")));
}

TEST(Layering, WhatTheTableAllowsPasses) {
    EXPECT_THAT(check_source("engine/metainfo/torrent.cpp",
                             "#include <vector>\n\n#include \"engine/base/bytes.hpp\"\n#include "
                             "\"hashing/digest.hpp\"\n"),
                IsEmpty());
    EXPECT_THAT(
        check_source(
            "engine/driver/core.cpp",
            "#include <sys/socket.h>\n#include \"io/ring.hpp\"\n#include \"io/clock.hpp\"\n"
            "#include \"engine/session/session.hpp\"\n#include \"engine/driver/files.hpp\"\n"),
        IsEmpty());
}

TEST(Layering, CommentsAndStringsAreNoCode) {
    EXPECT_THAT(check_source(
                    "engine/wire/framer.cpp",
                    "// no steady_clock::now() here\n/* std::thread\n#include \"io/ring.hpp\"\n*/\n"
                    "const char* text = \"\\\"std::thread\";\n"),
                IsEmpty());
    EXPECT_THAT(check_source("engine/wire/framer.cpp", "/* a */ std::thread t;\n"),
                Contains(HasSubstr("pure")));
}

}  // namespace
}  // namespace spate::layering
