// Addresses as text and in the compact form (BEP 23, BEP 7): what is read is written back the same,
// and what a stranger outside names is on the public network or isn't called.
#include <array>
#include <cstdint>

#include "engine/base/address_scope.hpp"
#include "engine/base/assert.hpp"
#include "engine/base/endpoint.hpp"
#include "engine/tracker/reach.hpp"

using namespace spate;

namespace {

void check_text(std::string_view text) {
    if (const auto address = IpAddress::parse(text))
        SPATE_ASSERT(IpAddress::parse(address->to_string()) == address);
    if (const auto endpoint = Endpoint::parse(text))
        SPATE_ASSERT(Endpoint::parse(endpoint->to_string()) == endpoint);
}

void check_compact(Bytes compact, IpAddress::Family family) {
    const std::size_t entry_bytes = family == IpAddress::Family::v4 ? 6 : 18;
    const auto endpoints = parse_compact_endpoints(compact, family);
    SPATE_ASSERT(endpoints.size() == compact.size() / entry_bytes);
    const std::array outside{*IpAddress::parse("9.9.9.9")};
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        SPATE_ASSERT(tracker::may_call(endpoints[i], outside) == is_open(endpoints[i].address));
        std::vector<std::byte> again;
        append_compact(again, endpoints[i]);
        const Bytes entry = compact.subspan(i * entry_bytes, entry_bytes);
        // A mapped IPv4 address becomes a plain one.
        const bool mapped = family == IpAddress::Family::v6 && endpoints[i].address.is_v4();
        SPATE_ASSERT(as_text(again) == as_text(mapped ? entry.subspan(12) : entry));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes input = std::as_bytes(std::span(data, size));
    check_text(as_text(input));
    check_compact(input, IpAddress::Family::v4);
    check_compact(input, IpAddress::Family::v6);
    return 0;
}
