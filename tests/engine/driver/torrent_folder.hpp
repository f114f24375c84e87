#pragma once
// tests/engine/driver/torrent_folder.hpp: a torrent in a folder that goes with the test.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/driver/torrent_files.hpp"
#include "tests/engine/storage/torrent_fixture.hpp"

namespace spate::driver {

inline constexpr std::uint32_t piece_length = 64 * 1024;
inline constexpr Time start{1'000s};

/// Files a (100,000 bytes), b (50,000), zeros that align, c (70,000), an empty one, zeros that
/// align, and two of 300,001 bytes, all below "root". Byte i of the torrent is i * 7 / 3, the zeros
/// excepted.
struct TorrentFolderTest : testing::Test {
    TorrentFolderTest() {
        std::string name = (std::filesystem::temp_directory_path() / "spate-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
        folder = name;
    }
    ~TorrentFolderTest() override { std::filesystem::remove_all(folder); }

    static std::byte content_at(std::uint64_t at) { return static_cast<std::byte>(at * 7 / 3); }

    void write_files() {
        std::filesystem::create_directories(folder / "root");
        for (const metainfo::FileEntry& file : content.files) {
            if (file.pad) continue;
            std::ofstream out(folder / "root" / file.path[0], std::ios::binary);
            for (std::uint64_t i = 0; i < file.size_bytes; ++i)
                out.put(static_cast<char>(content_at(file.offset_bytes + i)));
        }
    }
    std::shared_ptr<const TorrentFiles> open(bool download, const FileOptions& options = {}) {
        auto opened = TorrentFiles::open(content, folder, download, options, folders);
        if (!opened) throw std::runtime_error(opened.error());
        return *opened;
    }
    std::filesystem::path path(const char* name) const { return folder / "root" / name; }

    OpenFolders folders;

    static constexpr storage::FileIndex a{0};
    static constexpr storage::FileIndex b{1};
    static constexpr storage::FileIndex pad{2};
    static constexpr storage::FileIndex c{3};
    static constexpr storage::FileIndex empty{4};
    static constexpr storage::FileIndex pad_to_large{5};
    static constexpr storage::FileIndex large{6};
    static constexpr storage::FileIndex unaligned{7};
    static constexpr TorrentId torrent{0};

    metainfo::Metainfo content = storage::folder_of({{"a", 100'000},
                                                     {"b", 50'000},
                                                     {"pad", 3 * piece_length - 150'000, true},
                                                     {"c", 70'000},
                                                     {"empty", 0},
                                                     {"pad2", 2 * piece_length - 70'000, true},
                                                     {"large", 300'001},
                                                     {"unaligned", 300'001}},
                                                    piece_length);
    std::filesystem::path folder;
};

}  // namespace spate::driver
