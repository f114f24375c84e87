#pragma once
// engine/cli/file_recheck.hpp: files of a running torrent that are checked again.
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/cli/doubtful_files.hpp"
#include "engine/driver/content/content_check.hpp"
#include "engine/driver/engine.hpp"

namespace spate::cli {

/// Made on the main thread, run on another one, read there afterwards.
class FileRecheck {
public:
    struct Request {
        std::shared_ptr<const metainfo::Metainfo> metainfo;
        std::filesystem::path folder;
        std::vector<std::uint32_t> files;
        /// Of these files, and not known to be there.
        Bitfield pieces;
        /// By file in `files`: as DoubtfulFiles::lost_look() says. One that looks so still is left
        /// alone.
        std::vector<std::optional<DoubtfulFiles::Stamp>> lost_looks;
        unsigned threads = 1;
    };

    explicit FileRecheck(Request request);

    void run(const hashing::Hasher& hasher, const std::stop_token& stop);

    const std::vector<std::uint32_t>& files() const { return request_.files; }

    // Once it was run.
    /// Why nothing could be checked; empty when it was.
    const std::string& failure() const { return failure_; }
    bool cancelled() const { return cancelled_; }
    /// Files that changed while they were checked, or that a lack kept from being read.
    const std::vector<std::uint32_t>& restless() const { return restless_; }
    /// A part of the file couldn't be read.
    bool unreadable(std::uint32_t file) const { return faults_.contains(file); }
    /// What the engine is to know of the others.
    const driver::Engine::Checked& result() const { return result_; }
    /// All pieces of the file that were checked are there.
    bool whole(std::uint32_t file) const;

private:
    using Stamps = std::vector<DoubtfulFiles::Stamp>;

    bool is_left_alone(std::size_t at, const Stamps& before) const;
    void note_faults(const std::vector<driver::FileFault>& faults);
    bool lacked(std::uint32_t file) const;
    void compare(const Stamps& before, const Stamps& after, const Bitfield& good);

    const Request request_;
    std::string failure_;
    bool cancelled_ = false;
    std::vector<std::uint32_t> restless_;
    std::map<std::uint32_t, int> faults_;  // by file: an errno, of a lack if there was one
    driver::Engine::Checked result_;
    hashing::PieceProgress progress_;
};

}  // namespace spate::cli
