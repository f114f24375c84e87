#include "engine/driver/content/cold_read.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <sys/mman.h>
#include <utility>

#include "engine/base/assert.hpp"

namespace spate::driver {
namespace {

constexpr std::size_t alignment = ContentReader::direct_alignment_bytes;
constexpr std::size_t huge_page_bytes = 2 << 20;
/// The ranges and what direct reads bring along: up to three times the alignment a file.
constexpr std::size_t memory_bytes = hashing::PieceSource::read_ahead_bytes_max + huge_page_bytes;

constexpr std::uint64_t round_down(std::uint64_t value) {
    return value / alignment * alignment;
}
constexpr std::uint64_t round_up(std::uint64_t value) {
    return round_down(value + alignment - 1);
}

}  // namespace

std::unique_ptr<ColdRead> ColdRead::make() {
    constexpr io::RingOptions options{.entries = reads_in_flight_max,
                                      .completion_entries = 2 * reads_in_flight_max,
                                      .one_thread = false};
    auto ring = io::Ring::open({}, options);
    if (!ring) return nullptr;
    io::PageMapping memory = io::PageMapping::create(memory_bytes, huge_page_bytes);
    if (!memory) return nullptr;
    // Fewer, larger segments for the disk's driver; only a hint.
    ::madvise(memory.memory().data(), memory.memory().size(), MADV_HUGEPAGE);
    return std::unique_ptr<ColdRead>(new ColdRead(std::move(*ring), std::move(memory)));
}

ColdRead::ColdRead(std::unique_ptr<io::Ring> ring, io::PageMapping memory)
    : ring_(std::move(ring)), memory_(std::move(memory)) {
    for (std::size_t i = 0; i < reads_in_flight_max; ++i) {
        requests_.push_back(std::make_unique<Request>(*this));
        idle_.push_back(requests_.back().get());
    }
}

ColdRead::~ColdRead() {
    finish();
}

// --- The plan

void ColdRead::start(ContentReader& reader, std::span<const hashing::ByteRange> ranges) {
    SPATE_ASSERT(settled_);
    reader_ = &reader;
    ranges_.clear();
    parts_.clear();
    used_bytes_ = next_part_ = unplaced_bytes_ = 0;
    for (const hashing::ByteRange& range : ranges) unplaced_bytes_ += range.size_bytes;
    SPATE_ASSERT(unplaced_bytes_ <= hashing::PieceSource::read_ahead_bytes_max);
    for (const hashing::ByteRange& range : ranges) {
        const std::size_t first = parts_.size();
        for (const ContentReader::Slice& slice : reader.slices(range)) lay_out(slice);
        ranges_.push_back({first, parts_.size() - first, range.size_bytes, {}});
    }
    settled_ = false;
    begin_reads();
}

/// There is room for the whole pages around [begin, end) of a file, and for all that follows.
bool ColdRead::fits_direct(std::uint64_t begin, std::uint64_t end) const {
    const std::uint64_t behind = unplaced_bytes_ - (end - begin);
    return round_up(used_bytes_) + round_up(end) - round_down(begin) + behind <= memory_bytes;
}

void ColdRead::lay_out(const ContentReader::Slice& slice) {
    const std::uint64_t end = slice.offset_bytes + slice.size_bytes;
    for (std::uint64_t at = slice.offset_bytes; at < end;) {
        // Little rests are no part of their own.
        const bool last = end - at <= part_bytes + direct_bytes_min;
        const std::uint64_t part_end = last ? end : round_down(at + part_bytes);
        Part part{.slice = {slice.file, at, part_end - at, slice.pad}};
        part.direct = !slice.pad && part_end - at >= direct_bytes_min &&
                      fits_direct(at, part_end) && reader_->open_direct(slice.file);
        if (part.direct) {
            part.at = round_up(used_bytes_) + (at - round_down(at));
            used_bytes_ = round_up(part.at + (part_end - at));
        } else {
            part.at = used_bytes_;
            used_bytes_ += part_end - at;
        }
        SPATE_ASSERT(used_bytes_ <= memory_bytes);
        unplaced_bytes_ -= part_end - at;
        at = part_end;
        parts_.push_back(part);
    }
}

// --- Reading

void ColdRead::begin_reads() {
    while (!idle_.empty() && next_part_ < parts_.size()) {
        Part& part = parts_[next_part_++];
        if (part.slice.pad) {
            std::memset(memory_.memory().data() + part.at, 0, part.slice.size_bytes);
            part.complete = true;
            continue;
        }
        Request& request = *idle_.back();
        request.file = part.direct ? reader_->open_direct(part.slice.file)
                                   : reader_->open(part.slice.file).value_or(nullptr);
        if (!request.file) continue;  // not complete: read() tells why
        idle_.pop_back();
        begin_read(request, part);
    }
}

void ColdRead::begin_read(Request& request, Part& part) {
    const std::uint64_t begin = part.slice.offset_bytes;
    const std::uint64_t end = begin + part.slice.size_bytes;
    const std::uint64_t read_begin = part.direct ? round_down(begin) : begin;
    const std::uint64_t read_end = part.direct ? round_up(end) : end;
    request.part = &part;
    request.wanted_bytes = end - read_begin;
    request.operation.ranges().clear();
    request.operation.ranges().add(memory_.memory().subspan(
        part.at - (begin - read_begin), static_cast<std::size_t>(read_end - read_begin)));
    request.operation.set_offset(read_begin);
    request.operation.start_read(*ring_, request.file->get());
}

/// An error, or an end that comes too early, leaves the part incomplete.
void ColdRead::Request::on_read(std::int32_t result, std::uint32_t) {
    const bool all = result > 0 && static_cast<std::size_t>(result) >= wanted_bytes;
    part->complete = all;
    const bool goes_on =
        result > 0 && !all && (!part->direct || static_cast<std::size_t>(result) % alignment == 0);
    if (goes_on) {
        wanted_bytes -= static_cast<std::size_t>(result);
        operation.advance(result);
        return operation.start_read(*owner.ring_, file->get());
    }
    file.reset();
    part = nullptr;
    owner.idle_.push_back(this);
}

void ColdRead::settle() {
    while (true) {
        begin_reads();
        if (ring_->in_flight() == 0) break;
        ring_->turn(clock_, std::nullopt);
    }
    settled_ = true;
    for (Range& range : ranges_) range.content = join(range);
}

/// Closes the gaps between the parts.
Bytes ColdRead::join(const Range& range) {
    const auto parts = std::span(parts_).subspan(range.first_part, range.parts);
    if (!std::ranges::all_of(parts, &Part::complete)) return {};
    std::byte* const begin = memory_.memory().data() + parts.front().at;
    std::byte* to = begin;
    for (const Part& part : parts) {
        const std::byte* const from = memory_.memory().data() + part.at;
        if (from != to) std::memmove(to, from, part.slice.size_bytes);
        to += part.slice.size_bytes;
    }
    return {begin, range.size_bytes};
}

Bytes ColdRead::wait(std::size_t range) {
    if (!settled_) settle();
    return ranges_[range].content;
}

void ColdRead::finish() {
    next_part_ = parts_.size();
    while (ring_->in_flight() > 0) ring_->turn(clock_, std::nullopt);
    settled_ = true;
    parts_.clear();
}

}  // namespace spate::driver
