#include "engine/driver/content/content_source.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "hashing/verify_pipeline.hpp"
#include "io/file.hpp"
#include "io/page_cache.hpp"
#include "tests/engine/driver/content/scratch_folder.hpp"

using namespace spate;
using namespace spate::driver;
using hashing::ByteRange;
using Patience = hashing::PieceSource::Patience;

namespace {

constexpr std::uint64_t mib = 1 << 20;

/// Files of odd sizes, one after the other, and what their bytes are.
class ContentSources : public testing::Test {
protected:
    void add(std::uint64_t size_bytes, bool pad = false) {
        const std::string name = "f" + std::to_string(files_.size());
        std::vector<std::byte> content(size_bytes);
        if (!pad) {
            Prng(size_bytes + files_.size()).fill(content);
            folder_.write(name, content);
        }
        files_.push_back({name, data_.size(), size_bytes, pad});
        data_.insert(data_.end(), content.begin(), content.end());
    }

    void open() {
        directory_ = io::open_directory(folder_.path().string()).value();
        reader_.emplace(directory_.get(), files_);
        source_.emplace(*reader_);
    }

    void expect_right(const std::vector<ByteRange>& ranges) {
        const auto read = source_->read_ahead(ranges, Patience::waits);
        ASSERT_TRUE(read);
        for (std::size_t i = 0; i < ranges.size(); ++i) {
            const Bytes content = read->wait(i);
            ASSERT_EQ(content.size(), ranges[i].size_bytes) << i;
            EXPECT_TRUE(std::ranges::equal(
                content, Bytes(data_).subspan(ranges[i].offset_bytes, ranges[i].size_bytes)))
                << ranges[i].offset_bytes << " + " << ranges[i].size_bytes;
        }
    }

    void drop_pages() {
        for (std::size_t i = 0; i < files_.size(); ++i) {
            if (files_[i].pad) continue;
            const auto file = reader_->open(i).value();
            ::fdatasync(file->get());
            io::drop_pages(file->get());
        }
    }

    ScratchFolder folder_;
    std::vector<ContentFile> files_;
    std::vector<std::byte> data_;
    io::FileDescriptor directory_;
    std::optional<ContentReader> reader_;
    std::optional<ContentSource> source_;
};

class MixedFiles : public ContentSources {
protected:
    MixedFiles() {
        for (const std::uint64_t size :
             {3 * mib + 7, std::uint64_t{5000}, std::uint64_t{0}, std::uint64_t{70'001}, mib,
              std::uint64_t{1}, std::uint64_t{65'536}, 2 * mib + 4096, std::uint64_t{200'003}})
            add(size);
        add(300'000, true);
        for (std::size_t i = 0; i < 200; ++i) add(1 + i * 13 % 9000);
        open();
    }
};

}  // namespace

TEST_F(MixedFiles, AllBytesAreReadAhead) {
    expect_right({{0, std::min<std::uint64_t>(data_.size(), 8 * mib)}});
}

TEST_F(MixedFiles, RangesMayBeginAndEndAnywhere) {
    Prng random(7);
    for (int round = 0; round < 20; ++round) {
        std::vector<ByteRange> ranges;
        std::uint64_t left = hashing::PieceSource::read_ahead_bytes_max;
        for (int i = 0; i < 1 + round % 9; ++i) {
            const std::uint64_t offset = random() % data_.size();
            const std::uint64_t size = 1 + random() % (round % 2 != 0 ? 2 * mib : 70'000);
            ranges.push_back({offset, std::min({size, data_.size() - offset, left})});
            left -= ranges.back().size_bytes;
            if (left == 0) break;
        }
        expect_right(ranges);
    }
}

TEST_F(MixedFiles, TheMostThatAReadAheadHoldsMayLieAtAnyOffset) {
    const ScratchFolder folder;
    folder.write_random("big", 12 * mib);
    const auto directory = io::open_directory(folder.path().string()).value();
    ContentReader reader(directory.get(), {{"big", 0, 12 * mib, false}});
    ContentSource source(reader);
    std::vector<std::byte> data(12 * mib);
    Prng(12 * mib + 1).fill(data);
    std::vector<ByteRange> ranges;
    for (std::uint64_t i = 0; i < 8; ++i) ranges.push_back({i * mib * 3 / 2 + 1, mib});
    ranges.back().size_bytes = mib / 2 - 1;
    const auto read = source.read_ahead(ranges, Patience::waits);
    for (std::size_t i = 0; i < ranges.size(); ++i)
        EXPECT_TRUE(std::ranges::equal(
            read->wait(i), Bytes(data).subspan(ranges[i].offset_bytes, ranges[i].size_bytes)));
}

TEST_F(MixedFiles, AFileThatIsShortOrGoneLeavesItsRangesEmpty) {
    std::filesystem::resize_file(folder_ / "f0", mib);
    std::filesystem::remove(folder_ / "f4");
    const std::uint64_t f4 = files_[4].offset_bytes;
    const auto read = source_->read_ahead(
        std::vector<ByteRange>{{0, mib}, {mib - 1, 2 * mib}, {f4, 10}, {f4 + mib, 1}},
        Patience::waits);
    EXPECT_EQ(read->wait(0).size(), mib);
    EXPECT_EQ(read->wait(1).size(), 0U);
    EXPECT_EQ(read->wait(2).size(), 0U);
    EXPECT_EQ(read->wait(3).size(), 1U);
    std::byte one{};
    EXPECT_EQ(source_->read(f4, {&one, 1}).error(), ENOENT) << "what says why";
    EXPECT_EQ(source_->read(mib, {&one, 1}).value(), 0U);
}

TEST_F(MixedFiles, WhatIsGivenUpIsReadToItsEndAndUsedAgain) {
    for (int i = 0; i < 100; ++i)
        EXPECT_TRUE(source_->read_ahead(std::vector<ByteRange>{{0, 3 * mib}}, Patience::at_once));
    EXPECT_EQ(source_->reads_made(), 1U);
    expect_right({{0, 3 * mib}});
}

TEST_F(MixedFiles, ThereAreOnlySoManyReadAheads) {
    std::vector<std::unique_ptr<hashing::ReadAhead>> held;
    const std::vector<ByteRange> range{{100, 1000}};
    for (std::size_t i = 0; i < ContentSource::reads_max; ++i)
        held.push_back(source_->read_ahead(range, Patience::at_once));
    EXPECT_TRUE(held.back());
    EXPECT_FALSE(source_->read_ahead(range, Patience::at_once));
    std::jthread waiter([&] { EXPECT_TRUE(source_->read_ahead(range, Patience::waits)); });
    held.pop_back();
}

TEST_F(MixedFiles, OnlyDataThatIsNotInMemoryIsCold) {
    const std::vector<ByteRange> all{{0, data_.size()}};
    EXPECT_FALSE(source_->is_cold(all));
    drop_pages();
    const auto file = reader_->open(0).value();
    if (io::resident_bytes(file->get(), 0, 3 * mib) != 0)
        GTEST_SKIP() << "a file system without a disk";
    EXPECT_TRUE(source_->is_cold(all));
    expect_right({{0, 3 * mib + 7}});
    EXPECT_EQ(io::resident_bytes(file->get(), 0, 3 * mib), 0U) << "the cache is left alone";
    std::vector<std::byte> out(3 * mib);
    for (std::size_t got = 0; got < out.size();)
        got += source_->read(got, MutableBytes(out).subspan(got)).value();
    EXPECT_FALSE(source_->is_cold(std::vector<ByteRange>{{0, 3 * mib}}));
}

TEST_F(MixedFiles, ColdDataHashesAsDataInMemoryDoes) {
    for (const std::uint32_t piece_length : {16'384U, 262'144U, 2'097'152U}) {
        const auto digests = [&] {
            std::vector<PieceIndex> pieces;
            for (std::uint64_t at = 0; at < data_.size(); at += piece_length)
                pieces.emplace_back(static_cast<std::uint32_t>(pieces.size()));
            std::vector<hashing::PieceDigests> result(pieces.size());
            hashing::PieceProgress progress;
            const hashing::PieceRun run{
                .pieces = pieces,
                .extent_of = hashing::equal_extents(piece_length, data_.size()),
                .digests = {.sha1 = true, .root = true},
                .threads = 2};
            hashing::hash_pieces(hashing::Hasher::best(), run, *source_,
                                 [&](std::span<const hashing::PieceResult> results) {
                                     for (const auto& piece : results)
                                         result[piece.piece.value] = piece.digests;
                                 },
                                 progress, {});
            EXPECT_EQ(progress.bytes, data_.size());
            return result;
        };
        const auto hot = digests();
        drop_pages();
        EXPECT_EQ(digests(), hot);
    }
}
