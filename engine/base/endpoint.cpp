#include "engine/base/endpoint.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

#include "engine/base/assert.hpp"

namespace spate {
namespace {

constexpr std::array<std::byte, 12> mapped_prefix{
    std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0},    std::byte{0},
    std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0xff}, std::byte{0xff}};

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return port;
}

unsigned octet(Bytes bytes, std::size_t at) {
    return std::to_integer<unsigned>(bytes[at]);
}

}  // namespace

IpAddress::IpAddress(Bytes network_order) {
    SPATE_ASSERT(network_order.size() == 4 || network_order.size() == 16);
    if (network_order.size() == 16 && std::ranges::equal(network_order.first(12), mapped_prefix))
        network_order = network_order.subspan(12);
    family_ = network_order.size() == 4 ? Family::v4 : Family::v6;
    std::ranges::copy(network_order, bytes_.begin());
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (text.size() >= 2 && text.front() == '[' && text.back() == ']')
        text = text.substr(1, text.size() - 2);
    const std::string terminated(text);
    std::array<std::byte, 16> raw{};
    if (inet_pton(AF_INET, terminated.c_str(), raw.data()) == 1)
        return IpAddress(Bytes(raw).first(4));
    if (inet_pton(AF_INET6, terminated.c_str(), raw.data()) == 1) return IpAddress(Bytes(raw));
    return std::nullopt;
}

std::optional<IpAddress> IpAddress::of(const sockaddr& address) {
    const auto bytes_at = [&](std::size_t offset, std::size_t length) {
        return Bytes(reinterpret_cast<const std::byte*>(&address) + offset, length);
    };
    if (address.sa_family == AF_INET)
        return IpAddress(bytes_at(offsetof(sockaddr_in, sin_addr), sizeof(in_addr)));
    if (address.sa_family == AF_INET6)
        return IpAddress(bytes_at(offsetof(sockaddr_in6, sin6_addr), sizeof(in6_addr)));
    return std::nullopt;
}

bool IpAddress::is_unspecified() const {
    return std::ranges::all_of(bytes(), [](std::byte b) { return b == std::byte{0}; });
}

bool IpAddress::is_loopback() const {
    if (is_v4()) return octet(bytes(), 0) == 127;
    return octet(bytes(), 15) == 1 &&
           std::ranges::all_of(bytes().first(15), [](std::byte b) { return b == std::byte{0}; });
}

bool IpAddress::is_link_local() const {
    const unsigned a = octet(bytes(), 0);
    const unsigned b = octet(bytes(), 1);
    return is_v4() ? a == 169 && b == 254 : a == 0xfe && (b & 0xc0) == 0x80;
}

bool IpAddress::is_multicast() const {
    const unsigned a = octet(bytes(), 0);
    return is_v4() ? a >= 224 && a < 240 : a == 0xff;
}

std::string IpAddress::to_string() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data(), text.data(), text.size());
    return text.data();
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const std::string_view host = text.substr(0, colon);
    const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (host.find(':') != std::string_view::npos && !bracketed) return std::nullopt;
    const auto address = IpAddress::parse(host);
    const auto port = parse_port(text.substr(colon + 1));
    if (!address || !port) return std::nullopt;
    return Endpoint{*address, *port};
}

std::string Endpoint::to_string() const {
    const std::string host = address.to_string();
    return (address.is_v4() ? host : "[" + host + "]") + ":" + std::to_string(port);
}

std::vector<Endpoint> parse_compact_endpoints(Bytes compact, IpAddress::Family family) {
    const std::size_t address_size = family == IpAddress::Family::v4 ? 4 : 16;
    std::vector<Endpoint> endpoints;
    endpoints.reserve(compact.size() / (address_size + 2));
    ByteReader reader(compact);
    while (const auto raw = reader.read_bytes(address_size)) {
        const auto port = reader.read<std::uint16_t>();
        if (!port) break;
        endpoints.push_back({IpAddress(*raw), *port});
    }
    return endpoints;
}

void append_compact(std::vector<std::byte>& out, const Endpoint& endpoint) {
    ByteWriter(out).write_bytes(endpoint.address.bytes()).write(endpoint.port);
}

}  // namespace spate
