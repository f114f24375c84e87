#include "engine/storage/resume_state.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "engine/metainfo/metainfo.hpp"
#include "hashing/xxh3.hpp"

using namespace spate;
using namespace spate::storage;

namespace {

/// Where encode() puts things.
constexpr std::size_t version_at = 8;
constexpr std::size_t downloads_at = 12 + 20 + 16;
constexpr std::size_t counts_at = downloads_at + 1 + 16;
constexpr std::size_t bitfield_at = counts_at + 8;

ResumeState example() {
    ResumeState state;
    state.info_hash.bytes.fill(std::byte{7});
    state.boot_id.bytes.fill(std::byte{9});
    state.downloads = true;
    state.uploaded_bytes = std::numeric_limits<std::uint64_t>::max();
    state.downloaded_bytes = 12;
    state.have = Bitfield(11);
    state.have.set(0);
    state.have.set(10);
    state.files = {
        FileStamp{.size_bytes = 5, .mtime_ns = -1, .ctime_ns = -2, .inode = 3, .device = 4},
        std::nullopt};
    return state;
}

/// The record with its checksum made right again after a change.
std::vector<std::byte> resealed(std::vector<std::byte> record) {
    const std::size_t body = record.size() - 8;
    store_be<std::uint64_t>(record.data() + body, hashing::xxh3_64(Bytes(record).first(body)));
    return record;
}

ResumeError error_after(std::size_t at, unsigned value) {
    std::vector<std::byte> record = encode(example());
    record[at] = static_cast<std::byte>(value);
    const auto decoded = decode_resume_state(resealed(record));
    EXPECT_FALSE(decoded);
    return decoded ? ResumeError{} : decoded.error();
}

}  // namespace

TEST(ResumeState, DecodingGivesBackWhatWasEncoded) {
    EXPECT_EQ(decode_resume_state(encode(example())), example());
    EXPECT_EQ(decode_resume_state(encode(ResumeState{})), ResumeState{});
}

TEST(ResumeState, EveryChangedByteIsNoticed) {
    const std::vector<std::byte> record = encode(example());
    for (std::size_t at = 0; at < record.size(); ++at) {
        std::vector<std::byte> changed = record;
        changed[at] ^= std::byte{1};
        EXPECT_FALSE(decode_resume_state(changed)) << at;
    }
}

TEST(ResumeState, EveryShorterOrLongerRecordIsRefused) {
    std::vector<std::byte> record = encode(example());
    for (std::size_t size = 0; size < record.size(); ++size)
        EXPECT_FALSE(decode_resume_state(Bytes(record).first(size))) << size;
    record.push_back(std::byte{0});
    EXPECT_EQ(decode_resume_state(record).error(), ResumeError::bad_checksum);
    EXPECT_EQ(decode_resume_state(resealed(record)).error(), ResumeError::wrong_length);
}

TEST(ResumeState, ARightChecksumDoesNotMakeItTrusted) {
    EXPECT_EQ(error_after(0, 'x'), ResumeError::bad_magic);
    EXPECT_EQ(error_after(version_at + 3, 1), ResumeError::unknown_version);
    EXPECT_EQ(error_after(downloads_at, 2), ResumeError::bad_flag);
    EXPECT_EQ(error_after(bitfield_at + 1, 0x21), ResumeError::bad_bitfield) << "a spare bit";
    EXPECT_EQ(error_after(bitfield_at + 2, 2), ResumeError::bad_flag);
    EXPECT_EQ(error_after(bitfield_at + 2, 0), ResumeError::bad_flag) << "a stamp of no file";
    EXPECT_EQ(error_after(counts_at + 3, 200), ResumeError::wrong_length);
}

TEST(ResumeState, CountsAreLimitedBeforeMemoryIsTaken) {
    EXPECT_EQ(error_after(counts_at, 0xff), ResumeError::too_many_pieces);
    EXPECT_EQ(error_after(counts_at + 4, 0xff), ResumeError::too_many_files);
    ResumeState most;
    most.have = Bitfield(metainfo::pieces_max);
    most.files.resize(metainfo::entries_max);
    EXPECT_EQ(decode_resume_state(encode(most)), most);
    most.have = Bitfield(metainfo::pieces_max + 1);
    EXPECT_DEATH(encode(most), "pieces_max");
}
