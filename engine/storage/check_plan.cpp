#include "engine/storage/check_plan.hpp"

#include <algorithm>

#include "engine/base/assert.hpp"

namespace spate::storage {
namespace {

/// Devices are compared only where their numbers still mean what they did.
bool looks_the_same(FileStamp then, const FileStamp& now, bool same_boot) {
    if (!same_boot) then.device = now.device;
    return now.inode != 0 && then == now;
}

bool is_unchanged(const ResumeState* record, std::size_t file, const FileStamp& now,
                  const BootId& boot_id) {
    if (record == nullptr || !record->files[file]) return false;
    const bool same_boot = record->boot_id == boot_id;
    return looks_the_same(*record->files[file], now, same_boot);
}

void mark(CheckPlan& plan, PieceRange range, PieceTrust trust) {
    std::fill(plan.pieces.begin() + range.first.value, plan.pieces.begin() + range.end.value,
              trust);
}

CheckPlan as_recorded(const PieceMap& map, const ResumeState* record) {
    CheckPlan plan{std::vector(map.piece_count(), PieceTrust::missing)};
    if (record == nullptr) return plan;
    for (std::size_t piece = 0; piece < plan.pieces.size(); ++piece)
        if (record->have.test(piece)) plan.pieces[piece] = PieceTrust::trusted;
    return plan;
}

}  // namespace

std::size_t CheckPlan::count(PieceTrust trust) const {
    return static_cast<std::size_t>(std::ranges::count(pieces, trust));
}

bool fits(const ResumeState& record, const PieceMap& map, const InfoHash& info_hash) {
    return record.info_hash == info_hash && record.have.size() == map.piece_count() &&
           record.files.size() == map.file_count();
}

CheckPlan plan_check(const PieceMap& map, const ResumeState* record,
                     std::span<const std::optional<FileStamp>> found, const BootId& boot_id) {
    SPATE_ASSERT(found.size() == map.file_count());
    SPATE_ASSERT(record == nullptr || fits(*record, map, record->info_hash));
    CheckPlan plan = as_recorded(map, record);
    for (std::uint32_t i = 0; i < found.size(); ++i) {
        if (map.is_pad(FileIndex{i}) || !found[i]) continue;
        if (!is_unchanged(record, i, *found[i], boot_id))
            mark(plan, map.pieces_of(FileIndex{i}), PieceTrust::must_check);
    }
    // Afterwards, because a missing part outweighs all that other files say of a piece.
    for (std::uint32_t i = 0; i < found.size(); ++i) {
        if (map.is_pad(FileIndex{i})) continue;
        const std::uint64_t present = found[i] ? found[i]->size_bytes : 0;
        if (present < map.file_size_bytes(FileIndex{i}))
            mark(plan, map.pieces_of(FileIndex{i}, present), PieceTrust::missing);
    }
    return plan;
}

}  // namespace spate::storage
