#include "engine/driver/content/content_listing.hpp"

#include <algorithm>
#include <map>
#include <sys/stat.h>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "engine/driver/content/file_stamp.hpp"
#include "engine/metainfo/path_rules.hpp"
#include "engine/metainfo/text.hpp"
#include "engine/storage/resume_state.hpp"

namespace spate::driver {
namespace {

namespace fs = std::filesystem;

std::string fail_text(const fs::path& path, const std::error_code& error) {
    return fmt::format("cannot read {}: {}", path.string(), error.message());
}

bool acceptable(const std::string& name) {
    return metainfo::safe_component(name) == name;
}

/// Walks a folder. Recursion is bounded by path_components_max.
class Walker {
public:
    Walker(ContentListing& listing, ListingOptions options)
        : listing_(listing), options_(options) {}

    /// Empty, or why it failed.
    std::string walk(const fs::path& folder, std::vector<std::string>& components) {
        if (components.size() >= metainfo::path_components_max)
            return folder.string() + " is nested too deeply for a torrent";
        std::error_code error;
        fs::directory_iterator at(folder, error);
        std::vector<std::string> names;
        for (; !error && at != fs::directory_iterator(); at.increment(error))
            names.push_back(at->path().filename().string());
        if (error) return fail_text(folder, error);
        std::ranges::sort(names);
        for (const std::string& name : names) {
            if (components.empty() && name == storage::records_folder) continue;
            components.push_back(name);
            if (std::string why = add(folder / name, components); !why.empty()) return why;
            components.pop_back();
        }
        return {};
    }

    std::string add(const fs::path& path, std::vector<std::string>& components) {
        struct stat info{};
        if (::lstat(path.c_str(), &info) != 0)
            return fail_text(path, {errno, std::system_category()});
        std::vector<std::string> target;
        if (S_ISLNK(info.st_mode) && options_.keep_symlinks) {
            target = target_of(path);
            if (target.empty()) return leave_out(path, "a symbolic link out of the folder");
        } else if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
            return leave_out(path, S_ISLNK(info.st_mode) ? "a symbolic link" : "no regular file");
        }
        if (!acceptable(components.back()))
            return fmt::format("{} cannot be shared: other systems refuse its name",
                               metainfo::quoted(path.string()));
        if (S_ISDIR(info.st_mode)) return walk(path, components);
        return add_file(info, components, std::move(target));
    }

private:
    std::string leave_out(const fs::path& path, std::string_view what) {
        listing_.left_out.push_back(fmt::format("{} is left out: it is {}", path.string(), what));
        return {};
    }

    /// Where a link points, below the listed folder. Empty when that is elsewhere, by its text or
    /// by way of another link, or couldn't be told to other systems.
    std::vector<std::string> target_of(const fs::path& link) const {
        const fs::path root = listing_.parent / listing_.name;
        std::error_code error;
        const fs::path text = fs::read_symlink(link, error);
        if (error) return {};
        const fs::path real = fs::weakly_canonical(link.parent_path() / text, error);
        auto target = components_below(root, (link.parent_path() / text).lexically_normal());
        if (error || components_below(root, real).empty()) return {};
        return target;
    }

    static std::vector<std::string> components_below(const fs::path& root, const fs::path& path) {
        std::vector<std::string> components;
        for (const fs::path& component : path.lexically_relative(root)) {
            if (component.empty()) continue;  // behind a slash at the end
            if (!acceptable(component.string())) return {};
            components.push_back(component.string());
        }
        return components.size() > metainfo::path_components_max ? std::vector<std::string>()
                                                                 : components;
    }

    std::string add_file(const struct stat& info, const std::vector<std::string>& components,
                         std::vector<std::string> target) {
        if (listing_.files.size() >= metainfo::files_max)
            return fmt::format("a torrent has at most {} files", metainfo::files_max);
        const auto size = target.empty() ? static_cast<std::uint64_t>(info.st_size) : 0;
        if (size > metainfo::total_bytes_max - listing_.total_bytes)
            return fmt::format("a torrent has at most {} bytes", metainfo::total_bytes_max);
        listing_.files.push_back({components, size, stamp_of(io::to_info(info)),
                                  (info.st_mode & S_IXUSR) != 0, std::move(target)});
        listing_.total_bytes += size;
        return {};
    }

    ContentListing& listing_;
    const ListingOptions options_;
};

std::string join(const std::vector<std::string>& components) {
    return fmt::format("{}", fmt::join(components, "/"));
}

}  // namespace

std::vector<ContentFile> ContentListing::content_files() const {
    return driver::content_files(*this, new_files());
}

std::vector<metainfo::NewFile> ContentListing::new_files() const {
    std::vector<metainfo::NewFile> result;
    for (const ListedFile& file : files)
        result.push_back({.path = file.path,
                          .size_bytes = file.size_bytes,
                          .executable = file.executable,
                          .symlink = file.symlink});
    return result;
}

std::vector<ContentFile> content_files(const ContentListing& listing,
                                       std::span<const metainfo::NewFile> files) {
    std::vector<ContentFile> result;
    std::uint64_t offset = 0;
    for (const metainfo::NewFile& file : files) {
        const std::string path =
            listing.single_file ? listing.name : listing.name + "/" + join(file.path);
        const bool is_link = !file.symlink.empty();
        result.push_back({path, offset, file.size_bytes, file.pad || is_link});
        offset += file.size_bytes;
    }
    return result;
}

std::expected<ContentListing, std::string> list_content(const fs::path& path,
                                                        ListingOptions options) {
    std::error_code error;
    const fs::path whole = fs::canonical(path, error);
    if (error) return std::unexpected(fail_text(path, error));
    ContentListing listing{.parent = whole.parent_path(),
                           .name = whole.filename().string(),
                           .single_file = !fs::is_directory(whole),
                           .files = {},
                           .left_out = {}};
    if (!acceptable(listing.name))
        return std::unexpected(fmt::format("{} cannot be shared: other systems refuse its name",
                                           metainfo::quoted(whole.string())));
    Walker walker(listing, options);
    std::vector<std::string> components;
    if (listing.single_file) components.push_back(listing.name);
    const std::string why =
        listing.single_file ? walker.add(whole, components) : walker.walk(whole, components);
    if (!why.empty()) return std::unexpected(why);
    if (listing.files.empty() && !listing.left_out.empty() && listing.single_file)
        return std::unexpected(path.string() + " is no regular file and no folder");
    if (listing.total_bytes == 0)
        return std::unexpected(path.string() + " is empty: there is nothing to share");
    // In order of whole paths, which isn't the order of a walk ("a.txt" and "a/b").
    std::ranges::sort(listing.files, {}, &ListedFile::path);
    return listing;
}

std::vector<std::optional<storage::FileStamp>> stamps_of(const ContentListing& listing,
                                                         const metainfo::Metainfo& torrent) {
    std::map<std::vector<std::string>, storage::FileStamp> listed;
    for (const ListedFile& file : listing.files) listed[file.path] = file.stamp;
    std::vector<std::optional<storage::FileStamp>> stamps;
    for (const metainfo::FileEntry& file : torrent.files) {
        const auto found =
            listed.find(torrent.single_file ? listing.files.front().path : file.path);
        stamps.push_back(file.pad || found == listed.end() ? std::nullopt
                                                           : std::optional(found->second));
    }
    return stamps;
}

std::string find_change(const ContentListing& listing) {
    const std::vector<ContentFile> files = listing.content_files();
    for (std::size_t i = 0; i < files.size(); ++i) {
        const fs::path path = listing.parent / files[i].path;
        struct stat info{};
        if (::lstat(path.c_str(), &info) != 0)
            return fail_text(path, {errno, std::system_category()});
        if (stamp_of(io::to_info(info)) != listing.files[i].stamp)
            return path.string() + " changed while it was hashed";
    }
    return {};
}

}  // namespace spate::driver
