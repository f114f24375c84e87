#include "engine/wire/peer_id.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "engine/base/bytes.hpp"

namespace spate::wire {
namespace {

constexpr std::string_view digits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

struct Client {
    std::string_view code;
    std::string_view name;
};

constexpr std::array azureus_clients = std::to_array<Client>({
    {"AG", "Ares"},
    {"AZ", "Vuze"},
    {"BC", "BitComet"},
    {"BI", "BiglyBT"},
    {"BT", "BitTorrent"},
    {"DE", "Deluge"},
    {"FD", "Free Download Manager"},
    {"FL", "Folx"},
    {"FW", "FrostWire"},
    {"HL", "Halite"},
    {"KG", "KGet"},
    {"KT", "KTorrent"},
    {"LT", "libtorrent"},
    {"MO", "MonoTorrent"},
    {"PI", "PicoTorrent"},
    {"SD", "Thunder"},
    {"SP", "spate"},
    {"TL", "Tribler"},
    {"TR", "Transmission"},
    {"TX", "Tixati"},
    {"UM", "µTorrent Mac"},
    {"UT", "µTorrent"},
    {"UW", "µTorrent Web"},
    {"WD", "WebTorrent Desktop"},
    {"WW", "WebTorrent"},
    {"XF", "Xfplay"},
    {"XL", "Xunlei"},
    {"lt", "rTorrent"},
    {"qB", "qBittorrent"},
});

constexpr std::array shadow_clients = std::to_array<Client>({
    {"A", "ABC"},
    {"O", "Osprey Permaseed"},
    {"Q", "BTQueue"},
    {"R", "Tribler"},
    {"S", "Shadow's client"},
    {"T", "BitTornado"},
    {"U", "UPnP NAT Bit Torrent"},
});

template <std::size_t Count>
std::optional<std::string_view> find_name(const std::array<Client, Count>& clients,
                                          std::string_view code) {
    const auto found = std::ranges::find(clients, code, &Client::code);
    if (found == clients.end()) return std::nullopt;
    return found->name;
}

bool is_digit(char c) {
    return digits.find(c) != std::string_view::npos;
}

/// One number a character; a fourth that is zero is left out.
std::string version_of(std::string_view characters) {
    while (characters.size() > 3 && characters.back() == '0') characters.remove_suffix(1);
    std::string version;
    for (const char c : characters) {
        if (!version.empty()) version += '.';
        version += std::to_string(digits.find(c));
    }
    return version;
}

/// "-qB4520-".
std::optional<std::string> azureus_name(std::string_view id) {
    if (id[0] != '-' || id[7] != '-') return std::nullopt;
    if (!std::ranges::all_of(id.substr(1, 6), is_digit)) return std::nullopt;
    const std::string_view code = id.substr(1, 2);
    return std::string(find_name(azureus_clients, code).value_or(code)) + ' ' +
           version_of(id.substr(3, 4));
}

/// "T03I-----": up to five version characters, then dashes up to the ninth.
std::optional<std::string> shadow_name(std::string_view id) {
    const auto name = find_name(shadow_clients, id.substr(0, 1));
    if (!name || id.substr(6, 3) != "---") return std::nullopt;
    std::string_view version = id.substr(1, 5);
    version = version.substr(0, version.find('-'));
    if (version.empty() || !std::ranges::all_of(version, is_digit)) return std::nullopt;
    return std::string(*name) + ' ' + version_of(version);
}

/// "M7-10-6--" (Mainline) and "A2-1-36-0-" (aria2): numbers between dashes.
std::optional<std::string> dashed_name(std::string_view id, std::string_view prefix,
                                       std::string_view name) {
    if (!id.starts_with(prefix)) return std::nullopt;
    std::string version;
    std::size_t numbers = 0;
    for (const char c : id.substr(prefix.size())) {
        if (c >= '0' && c <= '9') {
            version += c;
        } else if (c == '-' && !version.empty() && version.back() != '.') {
            if (++numbers == 3) return std::string(name) + ' ' + version;
            version += '.';
        } else {
            return std::nullopt;
        }
    }
    return std::nullopt;
}

}  // namespace

PeerId make_peer_id(Prng& prng) {
    PeerId id;
    std::ranges::copy(as_bytes(own_peer_id_prefix), id.bytes.begin());
    for (std::size_t i = own_peer_id_prefix.size(); i < id.bytes.size(); ++i)
        id.bytes[i] = static_cast<std::byte>(digits[prng.below(digits.size())]);
    return id;
}

std::string client_name(const PeerId& id) {
    const std::string_view text = as_text(id.bytes);
    if (auto name = azureus_name(text)) return *name;
    if (auto name = dashed_name(text, "A2-", "aria2")) return *name;
    if (auto name = dashed_name(text, "M", "BitTorrent")) return *name;
    return shadow_name(text).value_or("unknown");
}

}  // namespace spate::wire
