#include "engine/cli/selection.hpp"

#include <algorithm>
#include <charconv>
#include <fnmatch.h>
#include <optional>

#include <fmt/format.h>

#include "engine/metainfo/text.hpp"
#include "engine/storage/piece_map.hpp"

namespace spate::cli {
namespace {

struct Range {
    std::size_t first = 0;
    std::size_t last = 0;
};

std::optional<std::size_t> parse_index(std::string_view text) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// "4" or "3-7", counted from 1.
std::optional<Range> parse_range(std::string_view pattern) {
    const std::size_t dash = pattern.find('-');
    const auto first = parse_index(pattern.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : parse_index(pattern.substr(dash + 1));
    if (!first || !last || *first < 1 || *last < *first) return std::nullopt;
    return Range{*first, *last};
}

bool matches(const metainfo::FileEntry& file, const std::string& pattern) {
    const std::string path = fmt::format("{}", fmt::join(file.path, "/"));
    if (path == pattern || path.starts_with(pattern + "/")) return true;
    const bool with_folder = pattern.find('/') != std::string::npos;
    const std::string& subject = with_folder ? path : file.path.back();
    return ::fnmatch(pattern.c_str(), subject.c_str(), FNM_PATHNAME) == 0;
}

/// Selects what the pattern names; false when that is nothing.
bool select(const metainfo::Metainfo& torrent, const std::string& pattern,
            std::vector<bool>& selected) {
    bool any = false;
    const auto mark = [&](std::size_t file) {
        if (torrent.files[file].pad) return;
        selected[file] = true;
        any = true;
    };
    if (const auto range = parse_range(pattern)) {
        for (std::size_t i = range->first; i <= std::min(range->last, selected.size()); ++i)
            mark(i - 1);
        if (any) return true;
    }
    for (std::size_t i = 0; i < selected.size(); ++i)
        if (matches(torrent.files[i], pattern)) mark(i);
    return any;
}

}  // namespace

std::expected<std::vector<bool>, std::string> select_files(const metainfo::Metainfo& torrent,
                                                           const std::vector<std::string>& patterns,
                                                           std::string_view option) {
    const auto names_nothing = [&](std::string_view pattern) {
        return fmt::format("{} {} names no file of {}; `spate show` lists them", option,
                           metainfo::quoted(pattern), metainfo::quoted(torrent.name));
    };
    std::vector<bool> selected(torrent.files.size(), patterns.empty());
    for (const std::string& list : patterns) {
        if (select(torrent, list, selected)) continue;  // a path may have commas
        if (list.empty()) return std::unexpected(names_nothing(list));
        for (std::string_view rest = list; !rest.empty();) {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            const std::string pattern(rest.substr(0, comma));
            rest.remove_prefix(std::min(comma + 1, rest.size()));
            if (!select(torrent, pattern, selected)) return std::unexpected(names_nothing(pattern));
        }
    }
    return selected;
}

Bitfield pieces_of(const metainfo::Metainfo& torrent, const std::vector<bool>& selected) {
    const storage::PieceMap map(torrent);
    Bitfield pieces(torrent.piece_count());
    for (std::size_t i = 0; i < selected.size(); ++i) {
        if (!selected[i]) continue;
        const auto range = map.pieces_of(storage::FileIndex(static_cast<std::uint32_t>(i)));
        for (PieceIndex piece = range.first; piece < range.end; ++piece) pieces.set(piece.value);
    }
    return pieces;
}

Bitfield skipped_pieces(const metainfo::Metainfo& torrent, const std::vector<bool>& selected) {
    const Bitfield wanted = pieces_of(torrent, selected);
    if (wanted.all()) return {};
    Bitfield skipped(wanted.size());
    for (std::size_t piece = 0; piece < wanted.size(); ++piece)
        if (!wanted.test(piece)) skipped.set(piece);
    return skipped;
}

}  // namespace spate::cli
