#pragma once
// engine/driver/content/content_listing.hpp: the files that a new torrent shall have.
#include <cstdint>
#include <expected>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "engine/driver/content/content_reader.hpp"
#include "engine/metainfo/new_file.hpp"
#include "engine/storage/resume_state.hpp"

namespace spate::driver {

struct ListedFile {
    /// Components below the listing's folder; for a single file {name}.
    std::vector<std::string> path;
    std::uint64_t size_bytes = 0;
    /// How it looked when it was listed.
    storage::FileStamp stamp{};
    bool executable = false;
    /// Of a symbolic link, which has no bytes: its target below the listing's folder.
    std::vector<std::string> symlink{};

    bool operator==(const ListedFile&) const = default;
};

/// A file or folder as it was when it was listed.
struct ContentListing {
    /// The folder that holds `name`.
    std::filesystem::path parent;
    std::string name;
    bool single_file = true;
    /// In order of their paths.
    std::vector<ListedFile> files;
    std::uint64_t total_bytes = 0;
    /// What was left out, and why: sentences.
    std::vector<std::string> left_out;

    std::vector<ContentFile> content_files() const;
    /// The same for a torrent that is to be made.
    std::vector<metainfo::NewFile> new_files() const;
};

/// The files of a new torrent of this listing, pads among them, as they lie below `parent`.
std::vector<ContentFile> content_files(const ContentListing& listing,
                                       std::span<const metainfo::NewFile> files);

struct ListingOptions {
    /// Links whose target is below the folder are listed as such (BEP 47), not left out.
    bool keep_symlinks = false;
};

/// Lists a regular file, or all below a folder. Symbolic links (but for `path` itself, which is
/// followed), devices, sockets and pipes are left out, and so are resume records (.spate). Fails,
/// with a sentence, on a name that other systems would not accept, beyond the limits of
/// metainfo.hpp, and when there is nothing to share.
std::expected<ContentListing, std::string> list_content(const std::filesystem::path& path,
                                                        ListingOptions options = {});

/// How the files of a torrent that was made of this listing looked when they were listed, one each;
/// nothing for pads.
std::vector<std::optional<storage::FileStamp>> stamps_of(const ContentListing& listing,
                                                         const metainfo::Metainfo& torrent);

/// The first file that isn't any more as it was listed, as a sentence; empty when all are.
std::string find_change(const ContentListing& listing);

}  // namespace spate::driver
