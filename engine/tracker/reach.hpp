#pragma once
// engine/tracker/reach.hpp: how far whose word reaches.
#include <cstdint>
#include <span>
#include <string_view>

#include "engine/base/endpoint.hpp"
#include "engine/tracker/tracker_url.hpp"

namespace spate::tracker {

/// Who named a URL or an address. The user may send us anywhere. The others are strangers, who must
/// not use us to reach into this machine or its networks (SSRF), but for what BitTorrent needs
/// there: trackers of private networks, and peers beside them. All that follows is asked with the
/// address that will be used itself, after its name was looked up.
enum class Origin : std::uint8_t {
    user,     // the command line
    torrent,  // a .torrent file or a magnet link
    tracker,
    peer,
};

/// Redirects followed of one request.
inline constexpr unsigned redirects_max = 5;

/// Whether a tracker's URL may be asked at this address of its host. A stranger's must be an
/// announce URL on a network that isn't the public one: its path has plain characters only, the
/// last part begins with `announce` or `scrape`, and it has no query of its own. UDP asks nothing
/// but BEP 15's questions of anybody.
bool may_ask(Origin origin, const TrackerUrl& url, const IpAddress& address);

/// Whether a redirect may be followed to this address. It is the word of the server that answered,
/// whose URL was `origin`'s, and whose host had the addresses `named`. To a network that isn't the
/// public one only from the same network (on_same_network()); and unless the user named the server,
/// only to an announce path, with a query.
bool may_follow(Origin origin, std::span<const IpAddress> named, std::string_view path_and_query,
                const IpAddress& address);

/// Whether an address that a stranger told may be called as a peer. One of this machine or of an
/// inner network only where the stranger is, or we are, at such an address (one of `inside`) too: a
/// tracker on loopback may name peers on loopback, a public one may not. Never a privileged port
/// there.
bool may_call(const Endpoint& peer, std::span<const IpAddress> inside);

}  // namespace spate::tracker
