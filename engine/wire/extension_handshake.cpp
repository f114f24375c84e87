#include "engine/wire/extension_handshake.hpp"

#include <limits>
#include <string_view>
#include <utility>

#include "engine/metainfo/bencode.hpp"
#include "engine/metainfo/bencode_writer.hpp"
#include "engine/wire/limits.hpp"
#include "engine/wire/message.hpp"
#include "engine/wire/printable.hpp"

namespace spate::wire {
namespace {

namespace bencode = metainfo::bencode;
using Writer = bencode::Writer<std::vector<std::byte>>;

void write_number(Writer& writer, std::string_view key, std::int64_t value) {
    if (value != 0) writer.key(key).integer(value);
}

/// An integer in [least, most].
template <class T>
std::optional<T> find_number(bencode::Node dict, std::string_view key, std::int64_t least,
                             std::int64_t most = std::numeric_limits<T>::max()) {
    const auto value = dict.find_integer(key);
    if (!value || *value < least || *value > most) return std::nullopt;
    return static_cast<T>(*value);
}

void read_message_ids(bencode::Node ids, ExtensionHandshake& handshake) {
    const auto read = [&](std::string_view key, std::uint8_t& id) {
        id = find_number<std::uint8_t>(ids, key, 0).value_or(id);
    };
    read("lt_donthave", handshake.lt_donthave);
    read("upload_only", handshake.upload_only_message);
    read("ut_metadata", handshake.ut_metadata);
    read("ut_pex", handshake.ut_pex);
}

}  // namespace

void append_extension_handshake(std::vector<std::byte>& out, const ExtensionHandshake& handshake) {
    std::vector<std::byte> body;
    Writer writer(body);
    writer.begin_dict().key("m").begin_dict();
    write_number(writer, "lt_donthave", handshake.lt_donthave);
    write_number(writer, "upload_only", handshake.upload_only_message);
    write_number(writer, "ut_metadata", handshake.ut_metadata);
    write_number(writer, "ut_pex", handshake.ut_pex);
    writer.end();
    write_number(writer, "metadata_size", handshake.metadata_size_bytes.value_or(0));
    write_number(writer, "p", handshake.listen_port.value_or(0));
    if (handshake.request_queue_max) writer.key("reqq").integer(*handshake.request_queue_max);
    if (handshake.upload_only) writer.key("upload_only").integer(1);
    if (!handshake.client.empty()) writer.key("v").string(handshake.client);
    if (handshake.your_ip) writer.key("yourip").string(handshake.your_ip->bytes());
    writer.end();
    append_extended(out, 0, body);
}

std::expected<ExtensionHandshake, WireError> parse_extension_handshake(Bytes body,
                                                                       ExtensionHandshake known) {
    const auto parsed = bencode::parse_prefix(body, {.bytes_max = extension_handshake_bytes_max,
                                                     .tokens_max = extension_handshake_tokens_max,
                                                     .depth_max = extension_handshake_depth_max});
    if (!parsed || !parsed->document.root().is_dict())
        return std::unexpected(WireError::bad_extension_handshake);
    const bencode::Node root = parsed->document.root();

    ExtensionHandshake handshake = std::move(known);
    if (const auto ids = root.find_dict("m")) read_message_ids(*ids, handshake);
    if (const auto size = find_number<std::uint32_t>(root, "metadata_size", 1, metadata_bytes_max))
        handshake.metadata_size_bytes = size;
    if (const auto port = find_number<std::uint16_t>(root, "p", 1)) handshake.listen_port = port;
    if (const auto queue = find_number<std::uint32_t>(root, "reqq", 0))
        handshake.request_queue_max = queue;
    if (const auto flag = root.find_integer("upload_only")) handshake.upload_only = *flag != 0;
    if (const auto client = root.find_string("v"))
        handshake.client = printable(*client, client_name_bytes_max);
    if (const auto ip = root.find_string("yourip"); ip && (ip->size() == 4 || ip->size() == 16))
        handshake.your_ip = IpAddress(as_bytes(*ip));
    return handshake;
}

}  // namespace spate::wire
