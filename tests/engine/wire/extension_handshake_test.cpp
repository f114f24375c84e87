#include "engine/wire/extension_handshake.hpp"

#include <gtest/gtest.h>

#include "engine/wire/limits.hpp"
#include "engine/wire/printable.hpp"

using namespace spate;
using namespace spate::wire;

namespace {

ExtensionHandshake parsed(std::string_view body, const ExtensionHandshake& known = {}) {
    const auto handshake = parse_extension_handshake(as_bytes(body), known);
    EXPECT_TRUE(handshake) << body;
    return handshake.value_or(ExtensionHandshake{});
}

bool refused(std::string_view body) {
    const auto handshake = parse_extension_handshake(as_bytes(body));
    return !handshake && handshake.error() == WireError::bad_extension_handshake;
}

/// {"x": a list of `count` zeros}: count + 3 values.
std::string with_values(std::size_t count) {
    std::string body = "d1:xl";
    for (std::size_t i = 0; i < count; ++i) body += "i0e";
    return body + "ee";
}

/// A dictionary, in it `depth` - 1 lists.
std::string nested(std::size_t depth) {
    return "d1:x" + std::string(depth - 1, 'l') + std::string(depth, 'e');
}

/// {"x": a string} of `size` bytes in all.
std::string of_size(std::size_t size) {
    const std::string begin = "d1:x" + std::to_string(size - 11) + ":";
    return begin + std::string(size - begin.size() - 1, 'y') + "e";
}

}  // namespace

TEST(ExtensionHandshake, EveryFieldSurvivesTheRoundTrip) {
    const ExtensionHandshake sent{.ut_metadata = 1,
                                  .ut_pex = 2,
                                  .upload_only_message = 3,
                                  .lt_donthave = 255,
                                  .client = "spate 0.1",
                                  .listen_port = 6881,
                                  .request_queue_max = 2000,
                                  .your_ip = IpAddress::parse("2001:db8::1"),
                                  .metadata_size_bytes = 31235,
                                  .upload_only = true};
    std::vector<std::byte> message;
    append_extension_handshake(message, sent);
    ASSERT_GT(message.size(), 6U);
    EXPECT_EQ(load_be<std::uint32_t>(message.data()), message.size() - 4);
    EXPECT_EQ(message[4], std::byte{20});
    EXPECT_EQ(message[5], std::byte{0});
    const auto heard = parse_extension_handshake(Bytes(message).subspan(6));
    ASSERT_TRUE(heard);
    EXPECT_EQ(*heard, sent);
}

TEST(ExtensionHandshake, WhatIsNotKnownIsLeftOut) {
    std::vector<std::byte> message;
    append_extension_handshake(message, {});
    EXPECT_EQ(as_text(Bytes(message).subspan(6)), "d1:mdee");
}

TEST(ExtensionHandshake, RealClientsAreUnderstood) {
    const auto heard = parsed(
        "d1:ei1e1:md11:lt_donthavei7e11:upload_onlyi3e11:ut_metadatai2e6:ut_pexi1ee"
        "13:metadata_sizei21512e1:pi51413e4:reqqi500e11:upload_onlyi1e1:v16:\xc2\xb5Torrent 3.5.5x"
        "6:yourip4:\x0a\x01\x02\x03"
        "e");
    EXPECT_EQ(heard.ut_metadata, 2);
    EXPECT_EQ(heard.ut_pex, 1);
    EXPECT_EQ(heard.upload_only_message, 3);
    EXPECT_EQ(heard.lt_donthave, 7);
    EXPECT_EQ(heard.metadata_size_bytes, 21512U);
    EXPECT_EQ(heard.listen_port, 51413);
    EXPECT_EQ(heard.request_queue_max, 500U);
    EXPECT_EQ(heard.client, "\xc2\xb5Torrent 3.5.5x");
    EXPECT_EQ(heard.your_ip, IpAddress::parse("10.1.2.3"));
    EXPECT_TRUE(heard.upload_only);
}

TEST(ExtensionHandshake, ASecondOneChangesOnlyWhatItMentions) {
    const auto known = parsed("d1:md11:ut_metadatai2e6:ut_pexi1ee1:pi1000e11:upload_onlyi1ee");
    const auto heard = parsed("d1:md6:ut_pexi0ee11:upload_onlyi0ee", known);
    EXPECT_EQ(heard.ut_metadata, 2);
    EXPECT_EQ(heard.ut_pex, 0) << "0 turns an extension off";
    EXPECT_EQ(heard.listen_port, 1000);
    EXPECT_FALSE(heard.upload_only);
}

TEST(ExtensionHandshake, FieldsOutOfRangeOrOfTheWrongTypeCountAsAbsent) {
    for (const std::string_view body :
         {"d1:md11:ut_metadatai256eee", "d1:md11:ut_metadatai-1eee", "d1:mi3ee",
          "d1:md11:ut_metadata1:1ee", "d1:pi0ee", "d1:pi65536ee", "d1:p2:xxe", "d4:reqqi-1ee",
          "d4:reqqi4294967296ee", "d13:metadata_sizei0ee", "d13:metadata_sizei-5ee",
          "d6:yourip5:12345e", "d1:vi3ee", "de"})
        EXPECT_EQ(parsed(body), ExtensionHandshake{}) << body;
}

TEST(ExtensionHandshake, MetadataSizeIsLimited) {
    const auto with_size = [](std::int64_t size) {
        return parsed("d13:metadata_sizei" + std::to_string(size) + "ee").metadata_size_bytes;
    };
    EXPECT_EQ(with_size(metadata_bytes_max), metadata_bytes_max);
    EXPECT_EQ(with_size(std::int64_t{metadata_bytes_max} + 1), std::nullopt);
}

TEST(ExtensionHandshake, WhatIsNoDictionaryIsRefused) {
    for (const std::string_view body : {"", "i1e", "le", "4:spam", "d", "d1:m", "d1:pi1e", "x"})
        EXPECT_TRUE(refused(body)) << body;
}

TEST(ExtensionHandshake, ItsSizeValuesAndDepthAreLimited) {
    const std::size_t values_max = extension_handshake_tokens_max - 3;
    EXPECT_FALSE(refused(with_values(values_max)));
    EXPECT_TRUE(refused(with_values(values_max + 1)));
    EXPECT_FALSE(refused(nested(extension_handshake_depth_max)));
    EXPECT_TRUE(refused(nested(extension_handshake_depth_max + 1)));
    ASSERT_EQ(of_size(extension_handshake_bytes_max).size(), extension_handshake_bytes_max);
    EXPECT_FALSE(refused(of_size(extension_handshake_bytes_max)));
    EXPECT_TRUE(refused(of_size(extension_handshake_bytes_max + 1)));
}

TEST(ExtensionHandshake, TheClientsNameIsCutAndMadeSafe) {
    EXPECT_EQ(parsed("d1:v100:" + std::string(100, 'a') + "e").client,
              std::string(client_name_bytes_max, 'a'));
    EXPECT_EQ(parsed("d1:v7:\x1b[31m\r\ne").client, "?[31m??");
}

TEST(Printable, KeepsUtf8AndReplacesTheRest) {
    EXPECT_EQ(printable("plain", 64), "plain");
    EXPECT_EQ(printable("\xc2\xb5 \xe2\x82\xac \xf0\x9f\x8c\x8a", 64),
              "\xc2\xb5 \xe2\x82\xac \xf0\x9f\x8c\x8a");
    EXPECT_EQ(printable("\xff\xc0\x80", 64), "???");
    EXPECT_EQ(printable("\xc2", 64), "?") << "cut in the middle";
    EXPECT_EQ(printable("\xed\xa0\x80", 64), "???") << "a surrogate";
    EXPECT_EQ(printable("\xf4\x90\x80\x80", 64), "????") << "beyond Unicode";
    EXPECT_EQ(printable("\xc2\x85", 64), "??") << "a control character";
    EXPECT_EQ(printable("\xe2\x80\xae", 64), "???") << "an override of the direction";
    EXPECT_EQ(printable("a\xe2\x82\xac", 3), "a") << "never half a character";
}
