#include "engine/driver/content/content_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/storage/file_layout.hpp"
#include "io/file.hpp"
#include "io/page_cache.hpp"

namespace spate::driver {

std::vector<ContentFile> content_files(const metainfo::Metainfo& torrent) {
    std::vector<storage::PlannedFile> planned = storage::lay_out(torrent);
    std::vector<ContentFile> files;
    files.reserve(planned.size());
    std::uint64_t offset = 0;
    for (std::size_t i = 0; i < planned.size(); ++i) {
        storage::PlannedFile& file = planned[i];
        // Whether a link is there, and as what, is nobody's business: it has no bytes.
        const bool is_link = !torrent.files[i].symlink.empty();
        files.push_back({std::move(file.path), offset, file.size_bytes, file.pad || is_link});
        offset += file.size_bytes;
    }
    return files;
}

ContentReader::ContentReader(int directory, std::vector<ContentFile> files)
    : directory_(directory), files_(std::move(files)), slots_(files_.size()) {
    for (std::size_t i = 0; i < files_.size(); ++i)
        if (files_[i].size_bytes > 0) with_bytes_.push_back(i);
}

std::uint64_t ContentReader::total_bytes() const {
    return files_.empty() ? 0 : files_.back().offset_bytes + files_.back().size_bytes;
}

ContentReader::Place ContentReader::find(std::uint64_t offset_bytes) const {
    SPATE_ASSERT(offset_bytes < total_bytes());
    const auto after = std::ranges::upper_bound(
        with_bytes_, offset_bytes, {}, [&](std::size_t file) { return files_[file].offset_bytes; });
    const std::size_t file = *(after - 1);
    return {file, offset_bytes - files_[file].offset_bytes};
}

std::expected<std::size_t, int> ContentReader::read(std::uint64_t offset_bytes, MutableBytes out) {
    if (offset_bytes >= total_bytes()) return 0;
    const Place place = find(offset_bytes);
    const ContentFile& file = files_[place.file];
    const std::size_t wanted =
        std::min<std::uint64_t>(out.size(), file.size_bytes - place.offset_bytes);
    if (file.pad) {
        std::memset(out.data(), 0, wanted);
        return wanted;
    }
    const auto handle = open(place.file);
    if (!handle) return std::unexpected(handle.error());
    while (true) {
        const ssize_t count =
            ::pread((*handle)->get(), out.data(), wanted, static_cast<off_t>(place.offset_bytes));
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno != EINTR) return std::unexpected(errno);
    }
}

std::vector<ContentReader::Slice> ContentReader::slices(const hashing::ByteRange& range) const {
    std::vector<Slice> slices;
    for (std::uint64_t at = range.offset_bytes; at < range.end();) {
        const Place place = find(at);
        const ContentFile& file = files_[place.file];
        const std::uint64_t size = std::min(range.end() - at, file.size_bytes - place.offset_bytes);
        slices.push_back({place.file, place.offset_bytes, size, file.pad});
        at += size;
    }
    return slices;
}

std::expected<ContentReader::Handle, int> ContentReader::open(std::size_t file) {
    const std::lock_guard lock(mutex_);
    Slot& slot = slots_[file];
    if (!slot.handle) {
        auto opened = io::open_beneath(directory_, files_[file].path);
        while (!opened && opened.error() == std::errc::too_many_files_open && !opened_.empty()) {
            close_the_oldest();
            opened = io::open_beneath(directory_, files_[file].path);
        }
        if (!opened) return std::unexpected(opened.error().value());
        use(file);
        slot.handle = std::make_shared<const io::FileDescriptor>(std::move(*opened));
    }
    slot.used_at = ++uses_;
    return slot.handle;
}

ContentReader::Handle ContentReader::open_direct(std::size_t file) {
    const std::lock_guard lock(mutex_);
    Slot& slot = slots_[file];
    if (!slot.direct && !slot.never_direct) {
        auto opened = io::open_beneath(directory_, files_[file].path, {.direct = true});
        const std::uint32_t alignment = opened ? io::direct_alignment_bytes(opened->get()) : 0;
        slot.never_direct = alignment == 0 || alignment > direct_alignment_bytes;
        if (slot.never_direct) return nullptr;
        use(file);
        slot.direct = std::make_shared<const io::FileDescriptor>(std::move(*opened));
    }
    slot.used_at = ++uses_;
    return slot.direct;
}

/// The file is about to be held open.
void ContentReader::use(std::size_t file) {
    if (slots_[file].handle || slots_[file].direct) return;
    if (opened_.size() >= open_files_max) close_the_oldest();
    opened_.push_back(file);
}

void ContentReader::close_the_oldest() {
    const auto oldest = std::ranges::min_element(
        opened_, {}, [&](std::size_t file) { return slots_[file].used_at; });
    slots_[*oldest].handle.reset();  // a reader that has it keeps it open until it is done
    slots_[*oldest].direct.reset();
    *oldest = opened_.back();
    opened_.pop_back();
}

}  // namespace spate::driver
