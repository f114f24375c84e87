#include "engine/metainfo/bencode.hpp"

#include <limits>

#include <gtest/gtest.h>

using namespace spate;
using namespace spate::metainfo::bencode;

namespace {

Error error_of(std::string_view text, const Limits& limits = {}) {
    const auto parsed = parse(as_bytes(text), limits);
    EXPECT_FALSE(parsed) << text;
    return parsed ? Error{} : parsed.error();
}

std::string repeat(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
}

}  // namespace

TEST(Bencode, ReadsTheFourKinds) {
    const auto document = parse(as_bytes("d1:ai-42e1:bl3:one0:e1:cdee"));
    ASSERT_TRUE(document);
    EXPECT_TRUE(document->is_canonical());
    const Node root = document->root();
    EXPECT_EQ(root.size(), 3U);
    EXPECT_EQ(root.find_integer("a"), -42);
    std::vector<std::string_view> items;
    for (const Node item : root.find("b")->items()) items.push_back(*item.as_string());
    EXPECT_EQ(items, (std::vector<std::string_view>{"one", ""}));
    EXPECT_TRUE(root.find_dict("c"));
    EXPECT_FALSE(root.find("d"));
}

TEST(Bencode, PairsOfADictionaryComeInTheInputsOrder) {
    const auto document = parse(as_bytes("d1:bi1e1:al1:xee"));
    ASSERT_TRUE(document);
    std::string keys;
    for (const auto& [key, value] : document->root().entries()) keys += key;
    EXPECT_EQ(keys, "ba");
}

TEST(Bencode, AskingForAnotherKindGivesNothing) {
    const auto document = parse(as_bytes("d1:ai7ee"));
    ASSERT_TRUE(document);
    const Node root = document->root();
    EXPECT_FALSE(root.as_integer());
    EXPECT_FALSE(root.as_string());
    EXPECT_EQ(root.items().begin(), root.items().end());
    EXPECT_FALSE(root.find("a")->find("x"));
    EXPECT_FALSE(root.find_string("a"));
    EXPECT_FALSE(root.find_list("a"));
    EXPECT_EQ(root.find("a")->entries().begin(), root.find("a")->entries().end());
}

TEST(Bencode, SourceIsTheValueAsWritten) {
    const auto document = parse(as_bytes("d4:infod6:lengthi5ee1:zi1ee"));
    ASSERT_TRUE(document);
    EXPECT_EQ(as_text(document->root().find("info")->source()), "d6:lengthi5ee");
    EXPECT_EQ(as_text(document->root().source()), "d4:infod6:lengthi5ee1:zi1ee");
}

TEST(Bencode, NodesOutliveAMoveOfTheirDocument) {
    auto parsed = parse(as_bytes("l3:abce"));
    ASSERT_TRUE(parsed);
    const Node first = *parsed->root().items().begin();
    const Document moved = std::move(*parsed);
    EXPECT_EQ(first.as_string(), "abc");
    EXPECT_EQ(moved.token_count(), 2U);
}

TEST(Bencode, PrefixLeavesWhatFollowsAlone) {
    const auto prefix = parse_prefix(as_bytes("d8:msg_typei1eePAYLOAD"));
    ASSERT_TRUE(prefix);
    EXPECT_EQ(prefix->consumed_bytes, 15U);
    EXPECT_EQ(prefix->document.root().find_integer("msg_type"), 1);
    EXPECT_EQ(error_of("i1ex"), (Error{ErrorKind::trailing_data, 3}));
}

TEST(Bencode, UnsortedKeysAreReadButNotCanonical) {
    const auto document = parse(as_bytes("d1:bi1e1:ai2ee"));
    ASSERT_TRUE(document);
    EXPECT_FALSE(document->is_canonical());
    EXPECT_EQ(document->root().find_integer("a"), 2);
}

TEST(Bencode, KeysCompareAsUnsignedBytes) {
    const auto document =
        parse(as_bytes("d1:ai1e1:\xff"
                       "i2ee"));
    ASSERT_TRUE(document);
    EXPECT_TRUE(document->is_canonical());
}

TEST(Bencode, DuplicateKeysAreRefusedWhereverTheyStand) {
    EXPECT_EQ(error_of("d1:ai1e1:ai2ee"), (Error{ErrorKind::duplicate_key, 7}));
    EXPECT_EQ(error_of("d1:bi1e1:ai2e1:bi3ee").kind, ErrorKind::duplicate_key);
    EXPECT_TRUE(parse(as_bytes("d1:bd1:ai1ee1:ai2ee"))) << "the same key, other dictionary";
}

TEST(Bencode, IntegersHaveOneSpelling) {
    EXPECT_EQ(error_of("i-0e").kind, ErrorKind::negative_zero);
    EXPECT_EQ(error_of("i00e").kind, ErrorKind::leading_zero);
    EXPECT_EQ(error_of("i-01e").kind, ErrorKind::leading_zero);
    EXPECT_EQ(error_of("i+1e").kind, ErrorKind::unexpected_byte);
    EXPECT_EQ(error_of("i e").kind, ErrorKind::unexpected_byte);
    EXPECT_EQ(error_of("ie").kind, ErrorKind::unexpected_byte);
    EXPECT_EQ(error_of("i-e").kind, ErrorKind::unexpected_byte);
    EXPECT_EQ(error_of("01:a").kind, ErrorKind::leading_zero);
    EXPECT_EQ(parse(as_bytes("i0e"))->root().as_integer(), 0);
}

TEST(Bencode, IntegersReach64BitsAndNoFurther) {
    using Range = std::numeric_limits<std::int64_t>;
    EXPECT_EQ(parse(as_bytes("i9223372036854775807e"))->root().as_integer(), Range::max());
    EXPECT_EQ(parse(as_bytes("i-9223372036854775808e"))->root().as_integer(), Range::min());
    EXPECT_EQ(error_of("i9223372036854775808e").kind, ErrorKind::integer_overflow);
    EXPECT_EQ(error_of("i" + repeat("9", 1000) + "e").kind, ErrorKind::integer_overflow);
    EXPECT_EQ(error_of("99999999999999999999:a").kind, ErrorKind::integer_overflow);
}

TEST(Bencode, TruncationIsFoundAtEveryByte) {
    const std::string_view whole = "d3:bari-7e3:fool4:spami1ede1:xee";
    ASSERT_TRUE(parse(as_bytes(whole)));
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_EQ(error_of(whole.substr(0, size)).kind, ErrorKind::truncated) << size;
    EXPECT_EQ(error_of("4000000000:abc"), (Error{ErrorKind::truncated, 0}));
}

TEST(Bencode, DictionariesNeedStringKeysAndAValueEach) {
    EXPECT_EQ(error_of("di1ei2ee"), (Error{ErrorKind::key_not_a_string, 1}));
    EXPECT_EQ(error_of("d1:ae"), (Error{ErrorKind::key_without_value, 4}));
    EXPECT_EQ(error_of("e").kind, ErrorKind::unexpected_byte);
    EXPECT_EQ(error_of("x").kind, ErrorKind::unexpected_byte);
}

TEST(Bencode, DepthStopsAtTheLimitWithoutUsingTheStack) {
    const Limits limits{.depth_max = 100};
    EXPECT_TRUE(parse(as_bytes(repeat("l", 100) + repeat("e", 100)), limits));
    EXPECT_EQ(error_of(repeat("l", 101) + repeat("e", 101), limits),
              (Error{ErrorKind::too_deep, 100}));
    EXPECT_EQ(error_of(repeat("l", 10'000) + repeat("e", 10'000)).kind, ErrorKind::too_deep);
    const Limits deep{.depth_max = 1'000'000};
    EXPECT_TRUE(parse(as_bytes(repeat("l", 1'000'000) + repeat("e", 1'000'000)), deep));
}

TEST(Bencode, TokensAndBytesStopAtTheirLimits) {
    const Limits tokens{.tokens_max = 4};
    EXPECT_TRUE(parse(as_bytes("l0:0:0:e"), tokens));
    EXPECT_EQ(error_of("l0:0:0:0:e", tokens), (Error{ErrorKind::too_many_tokens, 7}));
    const Limits bytes{.bytes_max = 5};
    EXPECT_TRUE(parse(as_bytes("3:abc"), bytes));
    EXPECT_EQ(error_of("4:abcd", bytes), (Error{ErrorKind::too_many_bytes, 0}));
}

TEST(Bencode, ErrorsSayWhatAndWhere) {
    EXPECT_EQ(describe(error_of("d1:ae")), "a dictionary key without a value at byte 4");
}
