#include "engine/driver/tracker/http_fetcher.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/assert.hpp"
#include "engine/tracker/http_client.hpp"

namespace spate::driver {

using tracker::TrackerFailure;
using tracker::TrackerFailureKind;

struct HttpFetcher::Fetch {
    FetchId id = 0;
    CURL* easy = curl_easy_init();
    curl_slist* connect_to = nullptr;
    std::array<char, CURL_ERROR_SIZE> error{};
    std::string body;
    bool too_large = false;
    Done done;

    Fetch() { SPATE_ASSERT(easy != nullptr); }
    Fetch(const Fetch&) = delete;
    Fetch& operator=(const Fetch&) = delete;
    ~Fetch() {
        curl_easy_cleanup(easy);
        curl_slist_free_all(connect_to);
    }
};

HttpFetcher::HttpFetcher(Options options) : options_(std::move(options)) {
    curl_global_init(CURL_GLOBAL_DEFAULT);  // counted; undone in the destructor
    multi_ = curl_multi_init();
    SPATE_ASSERT(multi_ != nullptr);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, http_idle_connections_max);
}

HttpFetcher::~HttpFetcher() {
    for (auto& [id, fetch] : fetches_) curl_multi_remove_handle(multi_, fetch->easy);
    fetches_.clear();
    curl_multi_cleanup(multi_);
    curl_global_cleanup();
}

HttpFetcher::FetchId HttpFetcher::start(const HttpGet& get, Done done) {
    auto fetch = std::make_unique<Fetch>();
    fetch->id = next_id_++;
    fetch->done = std::move(done);
    set_up(*fetch, get);
    curl_multi_add_handle(multi_, fetch->easy);
    const FetchId id = fetch->id;
    fetches_.emplace(id, std::move(fetch));
    return id;
}

void HttpFetcher::set_up(Fetch& fetch, const HttpGet& get) {
    const auto set = [&](CURLoption option, auto value) {
        const CURLcode code = curl_easy_setopt(fetch.easy, option, value);
        SPATE_ASSERT(code == CURLE_OK);
    };
    const std::string address = get.address.to_string();
    const std::string dialled =
        "::" + (get.address.is_v4() ? address : "[" + address + "]") + ":";  // any host, same port
    fetch.connect_to = curl_slist_append(nullptr, dialled.c_str());
    set(CURLOPT_URL, get.url.c_str());
    set(CURLOPT_CONNECT_TO, fetch.connect_to);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_PROXY, "");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    if (!options_.certificates_file.empty())
        set(CURLOPT_CAINFO, options_.certificates_file.c_str());
    set(CURLOPT_USERAGENT, options_.user_agent.c_str());
    set(CURLOPT_ACCEPT_ENCODING, "gzip");  // the size limit is on what comes out
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(http_connect_timeout / 1ms));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(http_total_timeout / 1ms));
    set(CURLOPT_ERRORBUFFER, fetch.error.data());
    set(CURLOPT_PRIVATE, static_cast<void*>(&fetch));
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(&fetch));
}

std::size_t HttpFetcher::on_body(char* data, std::size_t size, std::size_t count, void* raw) {
    Fetch& fetch = *static_cast<Fetch*>(raw);
    const std::size_t bytes = size * count;
    fetch.too_large = bytes > tracker::http_response_size_max - fetch.body.size();
    if (fetch.too_large) return 0;  // fails the transfer
    fetch.body.append(data, bytes);
    return bytes;
}

void HttpFetcher::cancel(FetchId id) {
    const auto fetch = fetches_.find(id);
    if (fetch == fetches_.end()) return;
    curl_multi_remove_handle(multi_, fetch->second->easy);
    fetches_.erase(fetch);
}

void HttpFetcher::poll(std::vector<pollfd>& polls, Duration most) {
    std::vector<curl_waitfd> waits;
    waits.reserve(polls.size());
    for (const pollfd& polled : polls) {
        short events = 0;
        if ((polled.events & POLLIN) != 0) events |= CURL_WAIT_POLLIN;
        if ((polled.events & POLLOUT) != 0) events |= CURL_WAIT_POLLOUT;
        waits.push_back({polled.fd, events, 0});
    }
    // Rounded up, so that what is due at the end of the wait is due.
    const auto most_ms = static_cast<int>(std::max(Duration::zero(), most + 999us) / 1ms);
    curl_multi_poll(multi_, waits.data(), static_cast<unsigned>(waits.size()), most_ms, nullptr);
    for (std::size_t i = 0; i < waits.size(); ++i) {
        short events = 0;
        if ((waits[i].revents & CURL_WAIT_POLLIN) != 0) events |= POLLIN;
        if ((waits[i].revents & CURL_WAIT_POLLOUT) != 0) events |= POLLOUT;
        polls[i].revents = events;
    }
}

void HttpFetcher::process() {
    int running = 0;
    curl_multi_perform(multi_, &running);
    int queued = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &queued)) {
        if (message->msg != CURLMSG_DONE) continue;
        const CURLcode code = message->data.result;
        char* raw = nullptr;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &raw);
        const auto entry = fetches_.find(reinterpret_cast<Fetch*>(raw)->id);
        SPATE_ASSERT(entry != fetches_.end());
        curl_multi_remove_handle(multi_, entry->second->easy);  // `message` is gone from here on
        const std::unique_ptr<Fetch> fetch = std::move(entry->second);
        fetches_.erase(entry);
        fetch->done(result_of(*fetch, code));
    }
}

HttpFetcher::Result HttpFetcher::result_of(Fetch& fetch, CURLcode code) const {
    const auto fail = [](TrackerFailureKind kind, std::string sentence) {
        return std::unexpected(TrackerFailure{kind, std::move(sentence), std::nullopt});
    };
    if (fetch.too_large)
        return fail(TrackerFailureKind::too_large, "the answer is larger than the limit of 1 MiB");
    const std::string why = fetch.error[0] != '\0' ? fetch.error.data() : curl_easy_strerror(code);
    if (code == CURLE_OPERATION_TIMEDOUT) return fail(TrackerFailureKind::timed_out, why);
    if (code != CURLE_OK) return fail(TrackerFailureKind::unreachable, why);
    HttpReply reply;
    reply.body = std::move(fetch.body);
    curl_easy_getinfo(fetch.easy, CURLINFO_RESPONSE_CODE, &reply.status);
    const char* redirect = nullptr;
    curl_easy_getinfo(fetch.easy, CURLINFO_REDIRECT_URL, &redirect);
    if (redirect != nullptr) reply.redirect_url = redirect;
    return reply;
}

}  // namespace spate::driver
