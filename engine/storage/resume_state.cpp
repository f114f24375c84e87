#include "engine/storage/resume_state.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "engine/metainfo/metainfo.hpp"
#include "hashing/xxh3.hpp"

namespace spate::storage {
namespace {

constexpr std::string_view magic = "spate-rs";
/// Version 1 knew neither the time of change nor the device of a file.
constexpr std::uint32_t version = 2;
/// Presence, size, times of modification and change, inode, device.
constexpr std::size_t stamp_bytes = 1 + 5 * 8;
constexpr std::size_t checksum_bytes = 8;
/// All before the bitfield.
constexpr std::size_t header_bytes =
    magic.size() + 4 + InfoHash::size_bytes + BootId::size_bytes + 1 + 2 * 8 + 2 * 4;

void write_flag(ByteWriter& writer, bool flag) {
    writer.write(static_cast<std::uint8_t>(flag ? 1 : 0));
}

void write_stamp(ByteWriter& writer, const std::optional<FileStamp>& stamp) {
    const FileStamp shown = stamp.value_or(FileStamp{});
    write_flag(writer, stamp.has_value());
    writer.write(shown.size_bytes);
    writer.write(std::bit_cast<std::uint64_t>(shown.mtime_ns));
    writer.write(std::bit_cast<std::uint64_t>(shown.ctime_ns));
    writer.write(shown.inode);
    writer.write(shown.device);
}

/// Reads fields of a record whose length has been checked.
class Fields {
public:
    explicit Fields(Bytes bytes) : reader_(bytes) {}

    template <std::unsigned_integral T>
    T number() {
        const auto value = reader_.read<T>();
        SPATE_ASSERT(value);
        return *value;
    }

    Bytes bytes(std::size_t count) {
        const auto taken = reader_.read_bytes(count);
        SPATE_ASSERT(taken);
        return *taken;
    }

    template <class Hash>
    Hash digest() {
        Hash hash;
        std::ranges::copy(bytes(Hash::size_bytes), hash.bytes.begin());
        return hash;
    }

    std::size_t rest_bytes() const { return reader_.rest().size(); }

private:
    ByteReader reader_;
};

/// Nothing for a byte that is neither 0 nor 1.
std::optional<bool> read_flag(Fields& fields) {
    const auto flags = fields.number<std::uint8_t>();
    if (flags > 1) return std::nullopt;
    return flags == 1;
}

std::expected<std::optional<FileStamp>, ResumeError> read_stamp(Fields& fields) {
    const auto present = read_flag(fields);
    FileStamp stamp;
    stamp.size_bytes = fields.number<std::uint64_t>();
    stamp.mtime_ns = std::bit_cast<std::int64_t>(fields.number<std::uint64_t>());
    stamp.ctime_ns = std::bit_cast<std::int64_t>(fields.number<std::uint64_t>());
    stamp.inode = fields.number<std::uint64_t>();
    stamp.device = fields.number<std::uint64_t>();
    if (!present) return std::unexpected(ResumeError::bad_flag);
    if (*present) return stamp;
    if (stamp != FileStamp{}) return std::unexpected(ResumeError::bad_flag);
    return std::nullopt;
}

std::optional<ResumeError> check_envelope(Bytes record) {
    if (record.size() < header_bytes + checksum_bytes) return ResumeError::too_short;
    if (!as_text(record).starts_with(magic)) return ResumeError::bad_magic;
    if (load_be<std::uint32_t>(record.data() + magic.size()) != version)
        return ResumeError::unknown_version;
    const Bytes body = record.first(record.size() - checksum_bytes);
    if (load_be<std::uint64_t>(record.data() + body.size()) != hashing::xxh3_64(body))
        return ResumeError::bad_checksum;
    return std::nullopt;
}

std::expected<ResumeState, ResumeError> read_fields(Fields fields) {
    ResumeState state;
    state.info_hash = fields.digest<InfoHash>();
    state.boot_id = fields.digest<BootId>();
    const auto downloads = read_flag(fields);
    if (!downloads) return std::unexpected(ResumeError::bad_flag);
    state.downloads = *downloads;
    state.uploaded_bytes = fields.number<std::uint64_t>();
    state.downloaded_bytes = fields.number<std::uint64_t>();
    const std::size_t pieces = fields.number<std::uint32_t>();
    const std::size_t files = fields.number<std::uint32_t>();
    if (pieces > metainfo::pieces_max) return std::unexpected(ResumeError::too_many_pieces);
    if (files > metainfo::entries_max) return std::unexpected(ResumeError::too_many_files);
    const std::size_t bitfield_bytes = (pieces + 7) / 8;
    if (fields.rest_bytes() != bitfield_bytes + files * stamp_bytes)
        return std::unexpected(ResumeError::wrong_length);
    if (!state.have.assign(fields.bytes(bitfield_bytes), pieces))
        return std::unexpected(ResumeError::bad_bitfield);
    state.files.reserve(files);
    for (std::size_t i = 0; i < files; ++i) {
        const auto stamp = read_stamp(fields);
        if (!stamp) return std::unexpected(stamp.error());
        state.files.push_back(*stamp);
    }
    return state;
}

}  // namespace

std::string_view describe(ResumeError error) {
    switch (error) {
        case ResumeError::too_short:
            return "the resume record is cut short";
        case ResumeError::bad_magic:
            return "it is not a resume record";
        case ResumeError::unknown_version:
            return "the resume record is of another version";
        case ResumeError::bad_checksum:
            return "the resume record is damaged (checksum)";
        case ResumeError::too_many_pieces:
            return "the resume record has too many pieces";
        case ResumeError::too_many_files:
            return "the resume record has too many files";
        case ResumeError::wrong_length:
            return "the resume record has the wrong length";
        case ResumeError::bad_bitfield:
            return "the resume record's bitfield has spare bits";
        case ResumeError::bad_flag:
            return "the resume record has a flag that is neither set nor clear";
    }
    return "the resume record is malformed";
}

std::vector<std::byte> encode(const ResumeState& state) {
    SPATE_ASSERT(state.have.size() <= metainfo::pieces_max);
    SPATE_ASSERT(state.files.size() <= metainfo::entries_max);
    const std::vector<std::byte> have = state.have.to_wire();
    std::vector<std::byte> record(magic.size());
    std::ranges::copy(as_bytes(magic), record.begin());
    record.reserve(header_bytes + have.size() + state.files.size() * stamp_bytes + checksum_bytes);
    ByteWriter writer(record);
    writer.write(version);
    writer.write_bytes(state.info_hash.bytes).write_bytes(state.boot_id.bytes);
    write_flag(writer, state.downloads);
    writer.write(state.uploaded_bytes).write(state.downloaded_bytes);
    writer.write(static_cast<std::uint32_t>(state.have.size()));
    writer.write(static_cast<std::uint32_t>(state.files.size()));
    writer.write_bytes(have);
    for (const std::optional<FileStamp>& stamp : state.files) write_stamp(writer, stamp);
    writer.write(hashing::xxh3_64(record));
    return record;
}

std::expected<ResumeState, ResumeError> decode_resume_state(Bytes record) {
    if (const auto error = check_envelope(record)) return std::unexpected(*error);
    const std::size_t skip = magic.size() + sizeof version;
    return read_fields(Fields(record.subspan(skip, record.size() - skip - checksum_bytes)));
}

}  // namespace spate::storage
