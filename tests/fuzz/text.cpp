// Names and texts of strangers: what comes out is safe to show and to keep, and clean text stays as
// it is.
#include "engine/metainfo/text.hpp"

#include <array>
#include <cstdint>

#include "engine/base/assert.hpp"
#include "engine/metainfo/path_rules.hpp"
#include "engine/metainfo/uri.hpp"

using namespace spate;
using namespace spate::metainfo;

namespace {

/// Valid UTF-8 without direction marks, and of controls only what `newlines` lets through.
void check_safe(std::string_view text, bool newlines) {
    while (!text.empty()) {
        const Utf8Character first = first_character(text);
        SPATE_ASSERT(first.valid && !is_direction_mark(first.code));
        const bool kept = newlines && (first.code == '\n' || first.code == '\t');
        SPATE_ASSERT(kept || !is_control(first.code));
        text.remove_prefix(first.size_bytes);
    }
}

void check_component(std::string_view text) {
    const auto name = safe_component(text);
    if (!name) {
        SPATE_ASSERT(!describe(name.error()).empty());
        return;
    }
    SPATE_ASSERT(!name->empty() && name->size() <= component_bytes_max);
    SPATE_ASSERT(*name != "." && *name != ".." && name->find('/') == std::string::npos);
    check_safe(*name, false);
    SPATE_ASSERT(safe_component(*name) == name);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::size_t bytes_max = size == 0 ? 0 : data[0];
    const std::string clean = clean_text(text, bytes_max);
    SPATE_ASSERT(clean.size() <= bytes_max);
    check_safe(clean, true);
    SPATE_ASSERT(clean_text(clean, bytes_max) == clean);
    check_safe(quoted(text), false);
    check_component(text);
    SPATE_ASSERT(percent_decoded(percent_encoded(text)) == text);
    std::array<std::byte, 20> hash{};
    if (from_base32(text, hash)) SPATE_ASSERT(size == 32);
    return 0;
}
