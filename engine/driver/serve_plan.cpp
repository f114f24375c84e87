#include "engine/driver/serve_plan.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "engine/base/assert.hpp"

namespace spate::driver {
namespace {

constexpr std::size_t page_bytes = 4096;

/// An errno, or 0 where the file ends before all of it is read; nothing: it was read.
std::optional<int> read_all(int fd, MutableBytes to, std::uint64_t offset_bytes) {
    while (!to.empty()) {
        const ssize_t count = ::pread(fd, to.data(), to.size(), static_cast<off_t>(offset_bytes));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        if (count == 0) return 0;
        to = to.subspan(static_cast<std::size_t>(count));
        offset_bytes += static_cast<std::uint64_t>(count);
    }
    return std::nullopt;
}

ServePlan::ColdRead cold_read(const ServePlan::Extent& extent) {
    const bool sequential = extent.memory.size() >= ServePlan::sequential_bytes_min;
    const std::uint64_t start = extent.offset_bytes / page_bytes * page_bytes;
    const std::uint64_t end =
        sequential ? extent.window_end_bytes : extent.offset_bytes + extent.memory.size();
    return {extent.open->descriptor(),
            start,
            {extent.memory.data() - (extent.offset_bytes - start), end - start}};
}

/// All pages of the mapped range are in memory.
bool resident(MutableBytes memory) {
    const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
    const std::uintptr_t start = address / page_bytes * page_bytes;
    const std::size_t length = address + memory.size() - start;
    std::array<unsigned char, 1024> pages{};
    const std::size_t count = (length + page_bytes - 1) / page_bytes;
    if (count > pages.size()) return false;
    if (::mincore(reinterpret_cast<void*>(start), length, pages.data()) != 0) return false;
    return std::all_of(pages.begin(), pages.begin() + static_cast<std::ptrdiff_t>(count),
                       [](unsigned char page) { return (page & 1) != 0; });
}

}  // namespace

void ServePlan::clear() {
    extents_.clear();
    next_extent_ = 0;
    files_.clear();
    gathered_.clear();
}

std::expected<void, FileTrouble> ServePlan::build(const session::SendPlan& plan,
                                                  const TorrentFiles& files, FileTable& table,
                                                  Time now) {
    clear();
    bytes_copied_ = 0;
    bytes_mapped_ = 0;
    for (std::size_t i = 0; i < plan.block_count; ++i) {
        headers_[i] = wire::piece_header(plan.blocks[i]);
        if (auto added = add_block(i, plan.blocks[i], files, table, plan.torrent, now); !added)
            return added;
    }
    return {};
}

std::expected<void, FileTrouble> ServePlan::add_block(std::size_t index, BlockRef block,
                                                      const TorrentFiles& files, FileTable& table,
                                                      TorrentId torrent, Time now) {
    storage::FileSlice only{};
    std::size_t slices = 0;
    files.map().for_each_slice(block, [&](const storage::FileSlice& slice) {
        only = slice;
        ++slices;
    });
    if (slices != 1 || only.pad) return gather(index, block, files, table, torrent, now);
    if (files_.empty() || files_.back().index != only.file) {
        auto file = table.for_reading(torrent, files, only.file, now);
        if (!file) return std::unexpected(std::move(file.error()));
        files_.push_back({only.file, std::move(*file)});
    }
    const Bytes mapping = files_.back().file->mapping();
    if (mapping.empty()) return gather(index, block, files, table, torrent, now);
    payloads_[index] = mapping.subspan(only.offset_bytes, only.length_bytes);
    bytes_mapped_ += block.length;
    extend(only, block, files);
    return {};
}

void ServePlan::extend(const storage::FileSlice& slice, BlockRef block, const TorrentFiles& files) {
    OpenFile* const open = files_.back().file.get();
    auto* const data = const_cast<std::byte*>(open->mapping().data()) + slice.offset_bytes;
    const std::uint32_t end_in_piece = block.offset + block.length;
    const std::uint32_t window_end_in_piece =
        std::min((end_in_piece + window_bytes - 1) / window_bytes * window_bytes,
                 files.map().piece_size_bytes(block.piece));
    const std::uint64_t end = slice.offset_bytes + slice.length_bytes;
    const std::uint64_t window_end = std::min(end + (window_end_in_piece - end_in_piece),
                                              files.map().file_size_bytes(slice.file));
    if (!extents_.empty()) {
        Extent& last = extents_.back();
        if (last.file == slice.file && last.memory.data() + last.memory.size() == data) {
            last.memory = {last.memory.data(), last.memory.size() + slice.length_bytes};
            last.window_end_bytes = window_end;
            return;
        }
    }
    extents_.push_back(
        {slice.file, open, slice.offset_bytes, {data, slice.length_bytes}, window_end});
}

std::expected<void, FileTrouble> ServePlan::gather(std::size_t index, BlockRef block,
                                                   const TorrentFiles& files, FileTable& table,
                                                   TorrentId torrent, Time now) {
    auto& memory = gathered_.emplace_back(block.length);  // zeros: what pad files read as
    std::size_t at = 0;
    std::expected<void, FileTrouble> result;
    files.map().for_each_slice(block, [&](const storage::FileSlice& slice) {
        const std::size_t start = at;
        at += slice.length_bytes;
        if (!result || slice.pad) return;
        auto file = table.for_reading(torrent, files, slice.file, now);
        if (!file) {
            result = std::unexpected(std::move(file.error()));
            return;
        }
        const std::optional<int> error =
            read_all((*file)->descriptor(), MutableBytes(memory).subspan(start, slice.length_bytes),
                     slice.offset_bytes);
        if (!error) return;
        result = std::unexpected(
            FileTrouble{*error != 0 ? trouble_of_errno(*error) : Trouble::changed, slice.file,
                        fmt::format("can't read {}: {}", files.display_path(slice.file),
                                    *error != 0 ? std::generic_category().message(*error)
                                                : "it is shorter than it was")});
    });
    payloads_[index] = memory;
    bytes_copied_ += block.length;
    return result;
}

std::optional<ServePlan::ColdRead> ServePlan::next_cold_read() {
    while (next_extent_ < extents_.size()) {
        const Extent& extent = extents_[next_extent_++];
        if (!extent.open->residency_known() || !resident(extent.memory)) return cold_read(extent);
    }
    return std::nullopt;
}

storage::FileIndex ServePlan::suspect() const {
    if (extents_.empty()) return files_.empty() ? storage::FileIndex(0) : files_.front().index;
    return extents_[next_extent_ == 0 ? 0 : next_extent_ - 1].file;
}

FileTrouble ServePlan::diagnose(const TorrentFiles& files) const {
    for (const UsedFile& used : files_)
        if (const auto intact = used.file->check(); !intact)
            return {intact.error().kind, used.index,
                    fmt::format("can't serve {}: {}", files.display_path(used.index),
                                intact.error().reason)};
    return {Trouble::disk, suspect(),
            fmt::format("can't read {}: input/output error", files.display_path(suspect()))};
}

}  // namespace spate::driver
