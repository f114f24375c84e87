#include "engine/driver/content/content_hash.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "hashing/digest.hpp"
#include "tests/engine/driver/content/scratch_folder.hpp"

using namespace spate;
using namespace spate::driver;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

std::vector<std::string> names(const ContentListing& listing) {
    std::vector<std::string> result;
    for (const ContentFile& file : listing.content_files()) result.push_back(file.path);
    return result;
}

std::expected<ContentDigests, HashingFailure> hash(const ContentListing& listing,
                                                   hashing::PieceProgress& progress,
                                                   std::stop_token stop = {}) {
    const auto files = listing.new_files();
    return hash_content({.listing = listing, .files = files, .piece_length_bytes = 1024},
                        hashing::Hasher::best(), progress, std::move(stop));
}

std::string refusal(const std::filesystem::path& path) {
    const auto listing = list_content(path);
    return listing ? "" : listing.error();
}

}  // namespace

TEST(ListContent, ASingleFileIsItself) {
    const ScratchFolder folder;
    folder.write_random("one.iso", 1000);
    const ContentListing listing = list_content(folder / "one.iso").value();
    EXPECT_TRUE(listing.single_file);
    EXPECT_EQ(listing.name, "one.iso");
    EXPECT_THAT(names(listing), ElementsAre("one.iso"));
    EXPECT_EQ(listing.total_bytes, 1000U);
}

TEST(ListContent, FilesOfAFolderComeInOrderOfTheirPaths) {
    const ScratchFolder folder;
    for (const char* name : {"set/b", "set/a/z", "set/a.txt", "set/a/b/c"})
        folder.write_random(name, 10);
    EXPECT_THAT(names(list_content(folder / "set").value()),
                ElementsAre("set/a/b/c", "set/a/z", "set/a.txt", "set/b"));
}

TEST(ListContent, ATrailingSlashChangesNothing) {
    const ScratchFolder folder;
    folder.write_random("set/b", 10);
    EXPECT_EQ(list_content((folder / "set").string() + "/").value().name, "set");
}

TEST(ListContent, LinksAndPipesAreLeftOutAloud) {
    const ScratchFolder folder;
    folder.write_random("set/file", 10);
    std::filesystem::create_symlink("file", folder / "set/link");
    ASSERT_EQ(::mkfifo((folder / "set/pipe").c_str(), 0600), 0);
    const ContentListing listing = list_content(folder / "set").value();
    EXPECT_THAT(names(listing), ElementsAre("set/file"));
    EXPECT_THAT(listing.left_out, ElementsAre(HasSubstr("link is left out: it is a symbolic link"),
                                              HasSubstr("pipe is left out")));
}

TEST(ListContent, LinksAreKeptOnRequestWhereTheyPointInside) {
    const ScratchFolder folder;
    folder.write_random("set/a/file", 10);
    folder.write_random("outside", 10);
    const auto link = [&](const std::string& target, const std::string& name) {
        std::filesystem::create_symlink(target, folder / ("set/" + name));
    };
    link("a/file", "1-below");
    link("../a/./file", "a/2-up");
    link((folder / "set/a/").string(), "3-absolute");
    link("nowhere/yet", "4-dangling");
    link("../outside", "5-out");
    link("/etc/passwd", "6-out");
    link("5-out", "7-inside-by-its-text-only");
    link(".", "8-the-folder-itself");
    const ContentListing listing = list_content(folder / "set", {.keep_symlinks = true}).value();
    std::vector<std::string> kept;
    for (const ListedFile& file : listing.files)
        if (!file.symlink.empty()) {
            kept.push_back(file.path.back() + " ->");
            for (const std::string& component : file.symlink) kept.back() += " " + component;
            EXPECT_EQ(file.size_bytes, 0U);
        }
    EXPECT_THAT(kept, ElementsAre("1-below -> a file", "3-absolute -> a",
                                  "4-dangling -> nowhere yet", "2-up -> a file"));
    EXPECT_THAT(listing.left_out, ElementsAre(HasSubstr("5-out is left out"), HasSubstr("6-out"),
                                              HasSubstr("7-inside"), HasSubstr("8-the-folder")));
    EXPECT_THAT(find_change(listing), IsEmpty());
}

TEST(ListContent, ResumeRecordsAreNotShared) {
    const ScratchFolder folder;
    folder.write_random("set/file", 10);
    folder.write_random("set/.spate/x.resume", 10);
    EXPECT_THAT(names(list_content(folder / "set").value()), ElementsAre("set/file"));
}

TEST(ListContent, NothingToShareIsRefused) {
    const ScratchFolder folder;
    folder.write("empty", {});
    EXPECT_THAT(refusal(folder / "empty"), HasSubstr("nothing to share"));
    EXPECT_THAT(refusal(folder / "none"), HasSubstr("No such file"));
    EXPECT_THAT(refusal("/dev/null"), HasSubstr("/dev/null"));
}

TEST(ListContent, NamesThatOthersRefuseAreNamed) {
    const ScratchFolder folder;
    folder.write_random("set/bad\nname", 10);
    EXPECT_THAT(refusal(folder / "set"), HasSubstr("other systems refuse its name"));
}

TEST(HashContent, PiecesCrossFiles) {
    const ScratchFolder folder;
    folder.write_random("set/a", 700);
    folder.write_random("set/b", 1000);
    const ContentListing listing = list_content(folder / "set").value();
    hashing::PieceProgress progress;
    const auto digests = hash(listing, progress).value().piece_hashes;
    std::vector<std::byte> data(700);
    Prng(701).fill(data);
    std::vector<std::byte> rest(1000);
    Prng(1001).fill(rest);
    data.insert(data.end(), rest.begin(), rest.end());
    EXPECT_THAT(digests, ElementsAre(hashing::sha1(Bytes(data).first(1024)),
                                     hashing::sha1(Bytes(data).subspan(1024))));
    EXPECT_EQ(progress.bytes, 1700U);
}

TEST(HashContent, AFileThatChangedIsAnError) {
    const ScratchFolder folder;
    folder.write_random("set/a", 5000);
    const ContentListing listing = list_content(folder / "set").value();
    hashing::PieceProgress progress;
    folder.write_random("set/a", 6000);
    const auto longer = hash(listing, progress);
    EXPECT_THAT(longer.error().sentence, HasSubstr("set/a changed while it was hashed"));
    folder.write_random("set/a", 4000);
    const auto shorter = hash(listing, progress);
    EXPECT_THAT(shorter.error().sentence, HasSubstr("became shorter"));
    std::filesystem::remove(folder / "set/a");
    const auto gone = hash(listing, progress);
    EXPECT_THAT(gone.error().sentence, HasSubstr("No such file"));
}

TEST(HashContent, AStopRequestEndsIt) {
    const ScratchFolder folder;
    folder.write_random("a", 5000);
    const ContentListing listing = list_content(folder / "a").value();
    hashing::PieceProgress progress;
    std::stop_source stop;
    stop.request_stop();
    const auto ended = hash(listing, progress, stop.get_token());
    ASSERT_FALSE(ended);
    EXPECT_TRUE(ended.error().cancelled);
}

TEST(HashContent, V1AndV2AreHashedTogether) {
    const ScratchFolder folder;
    for (const std::size_t size : {1UL, 16'384UL, 16'385UL, 32'768UL, 70'000UL, 98'304UL})
        folder.write_random("set/" + std::to_string(size), size);
    folder.write("set/empty", {});
    // The parser of the torrent compares each piece layer with its file's root.
    const metainfo::Metainfo hybrid =
        torrent_of(folder / "set", 32'768, metainfo::TorrentVersion::hybrid);
    const metainfo::Metainfo only =
        torrent_of(folder / "set", 32'768, metainfo::TorrentVersion::v2);
    EXPECT_EQ(hybrid.piece_roots, only.piece_roots);
    EXPECT_EQ(hybrid.piece_hashes.size(), hybrid.piece_count());
    EXPECT_TRUE(only.piece_hashes.empty());
    EXPECT_EQ(only.piece_count(), 10U);
}

TEST(HashContent, ProgressComesToWhatIsHashed) {
    const ScratchFolder folder;
    folder.write_random("set/a", 100);
    folder.write_random("set/b", 20'000);
    const ContentListing listing = list_content(folder / "set").value();
    for (const auto version : {metainfo::TorrentVersion::v1, metainfo::TorrentVersion::v2,
                               metainfo::TorrentVersion::hybrid}) {
        const auto files = metainfo::aligned_layout(listing.new_files(), 16'384, version);
        const ContentHashing work{
            .listing = listing, .files = files, .version = version, .piece_length_bytes = 16'384};
        hashing::PieceProgress progress;
        EXPECT_TRUE(hash_content(work, hashing::Hasher::best(), progress, {}));
        EXPECT_EQ(progress.bytes, bytes_to_hash(work));
    }
}
