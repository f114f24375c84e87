// What the reader accepts is walked whole and written again: canonical input comes out unchanged.
#include "engine/metainfo/bencode.hpp"

#include <cstdint>
#include <string>

#include "engine/base/assert.hpp"
#include "engine/metainfo/bencode_writer.hpp"

using namespace spate;
using namespace spate::metainfo::bencode;

namespace {

constexpr std::size_t depth_max = 12;
static_assert(depth_max <= writer_depth_max);

// NOLINTNEXTLINE(misc-no-recursion): bounded by depth_max.
void copy(const Node node, Writer<std::string>& out) {
    if (const auto number = node.as_integer()) out.integer(*number);
    if (const auto text = node.as_string()) out.string(*text);
    if (node.is_list()) {
        out.begin_list();
        for (const Node item : node.items()) copy(item, out);
        out.end();
    }
    if (node.is_dict()) {
        out.begin_dict();
        for (const auto& [key, value] : node.entries()) copy(value, out.key(key));
        out.end();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes input = std::as_bytes(std::span(data, size));
    const auto prefix = parse_prefix(input, {.tokens_max = 10'000, .depth_max = depth_max});
    if (!prefix) {
        SPATE_ASSERT(prefix.error().offset_bytes <= size);
        SPATE_ASSERT(!describe(prefix.error()).empty());
        return 0;
    }
    if (!prefix->document.is_canonical()) return 0;
    std::string again;
    Writer writer(again);
    copy(prefix->document.root(), writer);
    SPATE_ASSERT(writer.complete());
    SPATE_ASSERT(again == as_text(input.first(prefix->consumed_bytes)));
    return 0;
}
