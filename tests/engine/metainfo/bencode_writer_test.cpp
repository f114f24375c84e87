#include "engine/metainfo/bencode_writer.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "engine/metainfo/bencode.hpp"

using namespace spate;
using namespace spate::metainfo::bencode;

TEST(BencodeWriter, WritesTheFourKinds) {
    std::string out;
    Writer writer(out);
    writer.begin_dict();
    writer.key("a").integer(std::numeric_limits<std::int64_t>::min());
    writer.key("b").begin_list().string("one").string("").end();
    writer.key("c").begin_dict().key("x").raw(as_bytes("i1e")).end();
    EXPECT_FALSE(writer.complete());
    writer.end();
    EXPECT_TRUE(writer.complete());
    EXPECT_EQ(out, "d1:ai-9223372036854775808e1:bl3:one0:e1:cd1:xi1eee");
    const auto document = parse(as_bytes(out));
    ASSERT_TRUE(document);
    EXPECT_TRUE(document->is_canonical());
}

TEST(BencodeWriter, AppendsToBytesToo) {
    std::vector<std::byte> out{std::byte{20}};
    Writer(out).begin_dict().key("m").string(as_bytes("xy")).end();
    EXPECT_EQ(as_text(Bytes(out).subspan(1)), "d1:m2:xye");
}

TEST(BencodeWriterDeathTest, KeysOutOfOrderAreABug) {
    std::string out;
    Writer writer(out);
    writer.begin_dict().key("b").integer(1);
    EXPECT_DEATH(writer.key("a"), "last_key");
    EXPECT_DEATH(writer.key("b"), "last_key");
    EXPECT_DEATH(writer.integer(2), "has_key");
    EXPECT_DEATH(writer.key("c").end(), "has_key");
}

TEST(BencodeWriterDeathTest, DepthHasALimit) {
    std::string out;
    Writer writer(out);
    for (std::size_t i = 0; i < writer_depth_max; ++i) writer.begin_list();
    EXPECT_DEATH(writer.begin_list(), "DepthMax");
}
