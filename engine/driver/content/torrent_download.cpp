#include "engine/driver/content/torrent_download.hpp"

#include <array>
#include <memory>
#include <sys/socket.h>

#include <curl/curl.h>
#include <fmt/format.h>

#include "engine/base/bytes.hpp"
#include "engine/base/endpoint.hpp"
#include "engine/tracker/reach.hpp"

namespace spate::driver {
namespace {

struct CurlDeleter {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using CurlHandle = std::unique_ptr<CURL, CurlDeleter>;

/// What libcurl's callbacks share.
struct Transfer {
    const TorrentDownload& request;
    std::stop_token stop;
    std::vector<std::byte> body{};
    bool too_long = false;
    /// Where the first URL led; empty until then.
    std::vector<IpAddress> named{};
    bool reach_refused = false;
};

std::size_t on_body(char* data, std::size_t, std::size_t size, void* context) {
    auto& transfer = *static_cast<Transfer*>(context);
    if (size > transfer.request.bytes_max - transfer.body.size()) {
        transfer.too_long = true;
        return 0;
    }
    const Bytes bytes = as_bytes({data, size});
    transfer.body.insert(transfer.body.end(), bytes.begin(), bytes.end());
    return size;
}

int on_progress(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Transfer*>(context)->stop.stop_requested() ? 1 : 0;
}

curl_socket_t on_open(void* context, curlsocktype, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(context);
    const auto ip = IpAddress::of(address->addr);
    const bool redirected = !transfer.named.empty();
    if (redirected &&
        (!ip || !tracker::may_follow(tracker::Origin::user, transfer.named, {}, *ip))) {
        transfer.reach_refused = true;
        return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

void set_options(CURL* curl, const std::string& url, Transfer& transfer) {
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "spate");
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(transfer.request.patience.count()));
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
                     static_cast<long>(transfer.request.connect_patience.count()));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &transfer);
}

IpAddress connected_to(CURL* curl) {
    const char* text = nullptr;
    curl_easy_getinfo(curl, CURLINFO_PRIMARY_IP, &text);
    return IpAddress::parse(text == nullptr ? "" : text).value_or(IpAddress());
}

std::string why_failed(const Transfer& transfer, CURLcode code) {
    if (transfer.stop.stop_requested()) return "interrupted";
    if (transfer.too_long)
        return fmt::format("it is larger than {} MiB", transfer.request.bytes_max >> 20);
    if (transfer.reach_refused) return "it redirects into a private network";
    return curl_easy_strerror(code);
}

/// The body, or where it says to go, or why neither.
struct Hop {
    std::string redirect{};
    std::string failure{};
};

Hop fetch_once(const std::string& url, Transfer& transfer) {
    const CurlHandle curl(curl_easy_init());
    if (!curl) return {.failure = "libcurl cannot start"};
    set_options(curl.get(), url, transfer);
    transfer.body.clear();
    const CURLcode code = curl_easy_perform(curl.get());
    if (code != CURLE_OK) return {.failure = why_failed(transfer, code)};
    if (transfer.named.empty()) transfer.named.push_back(connected_to(curl.get()));
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    const char* next = nullptr;
    curl_easy_getinfo(curl.get(), CURLINFO_REDIRECT_URL, &next);
    if (next != nullptr) return {.redirect = next};
    if (status != 200) return {.failure = fmt::format("the server answered {}", status)};
    return {};
}

}  // namespace

std::expected<std::vector<std::byte>, std::string> download_torrent(const TorrentDownload& request,
                                                                    std::stop_token stop) {
    const auto fail = [&](std::string_view why) {
        return std::unexpected(fmt::format("cannot fetch {}: {}", request.url, why));
    };
    Transfer transfer{.request = request, .stop = std::move(stop)};
    std::string url = request.url;
    for (unsigned hop = 0; hop <= tracker::redirects_max; ++hop) {
        const Hop result = fetch_once(url, transfer);
        if (!result.failure.empty()) return fail(result.failure);
        if (result.redirect.empty()) return std::move(transfer.body);
        if (url.starts_with("https:") && !result.redirect.starts_with("https:"))
            return fail("it redirects from https to http");
        url = result.redirect;
    }
    return fail("too many redirects");
}

}  // namespace spate::driver
