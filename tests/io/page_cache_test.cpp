#include "io/page_cache.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "io/file.hpp"
#include "tests/io/fixture.hpp"

using namespace spate;
using namespace spate::io;

namespace {

constexpr std::size_t page = 4096;

class PageCache : public testing::Test {
protected:
    PageCache() {
        file = open_beneath(directory.fd(), "f", {.write = true, .create = true}).value();
        const std::vector<std::byte> content(40 * page);
        EXPECT_EQ(::pwrite(file.get(), content.data(), content.size(), 0),
                  static_cast<ssize_t>(content.size()));
        EXPECT_EQ(::fsync(file.get()), 0);
    }

    TemporaryDirectory directory;
    FileDescriptor file;
};

}  // namespace

TEST_F(PageCache, WhatWasJustWrittenIsResident) {
    EXPECT_EQ(resident_bytes(file.get(), 0, 40 * page), 40 * page);
    EXPECT_EQ(resident_bytes(file.get(), 100, 200), 200U);
    EXPECT_EQ(resident_bytes_by_mapping(file.get(), 100, 39 * page), 39 * page);
    EXPECT_EQ(resident_bytes(file.get(), 0, 0), 0U);
}

TEST_F(PageCache, WhatWasDroppedIsNot) {
    drop_pages(file.get());
    if (resident_bytes(file.get(), 0, 40 * page) != 0)
        GTEST_SKIP() << "a file system without a disk";
    EXPECT_EQ(resident_bytes_by_mapping(file.get(), 0, 40 * page), 0U);
    std::byte one{};
    ASSERT_EQ(::posix_fadvise(file.get(), 0, 0, POSIX_FADV_RANDOM), 0);  // no read-ahead
    ASSERT_EQ(::pread(file.get(), &one, 1, 5 * page), 1);
    EXPECT_EQ(resident_bytes(file.get(), 0, 40 * page), page);
    EXPECT_EQ(resident_bytes_by_mapping(file.get(), 0, 40 * page), page);
    EXPECT_EQ(resident_bytes(file.get(), 6 * page, page), 0U);
}

TEST_F(PageCache, WhatCannotBeAskedCountsAsResident) {
    EXPECT_EQ(resident_bytes(-1, 0, 1000), 1000U);
    EXPECT_EQ(resident_bytes_by_mapping(-1, 5000, 1000), 1000U);
}

TEST_F(PageCache, DirectReadsHaveAnAlignmentOrAreNotPossible) {
    const std::uint32_t alignment = direct_alignment_bytes(file.get());
    EXPECT_EQ(alignment & (alignment - 1), 0U);
    const auto direct = open_beneath(directory.fd(), "f", {.direct = true});
    if (alignment != 0) {
        EXPECT_TRUE(direct);
    }
}
