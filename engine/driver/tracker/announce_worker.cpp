#include "engine/driver/tracker/announce_worker.hpp"

#include <algorithm>
#include <utility>

#include "io/clock.hpp"

namespace spate::driver {
namespace {

/// Without anything due the thread still looks around this often.
constexpr Duration wait_max = 60s;

}  // namespace

std::expected<std::unique_ptr<AnnounceWorker>, std::string> AnnounceWorker::open(
    HttpFetcher::Options options, Prng prng) {
    auto resolver = DnsResolver::open();
    if (!resolver) return std::unexpected(resolver.error());
    auto woken = io::Event::open();
    if (!woken)
        return std::unexpected("the tracker thread can't be woken: " + woken.error().message());
    return std::unique_ptr<AnnounceWorker>(
        new AnnounceWorker(std::move(options), prng, std::move(*resolver), std::move(*woken)));
}

template <class Which>
void AnnounceWorker::cancel_if(Which which) {
    for (const auto& task : tasks_)
        if (which(task->id(), task->is_stopped_event())) task->cancel();
    std::deque<AnnounceJob> kept;
    for (AnnounceJob& job : std::exchange(queue_, {})) {
        if (!which(job.id, is_stopped_event(job.request))) {
            kept.push_back(std::move(job));
            continue;
        }
        job.done(job.id, std::unexpected(failure(tracker::TrackerFailureKind::cancelled,
                                                 "the announce was given up")));
    }
    queue_ = std::move(kept);
}

void AnnounceWorker::cancel(std::uint64_t id) {
    cancel_if([id](std::uint64_t job, bool) { return job == id; });
}

void AnnounceWorker::cancel_but_stopped() {
    cancel_if([](std::uint64_t, bool is_stopped) { return !is_stopped; });
}

void AnnounceWorker::cancel_all() {
    cancel_if([](std::uint64_t, bool) { return true; });
    report_finished();
}

void AnnounceWorker::turn(std::optional<Time> until) {
    io::Clock clock;
    advance(clock.now());
    report_finished();
    wait(clock.now(), until);
    fetcher_.process();
    resolver_->process(polls_);
    advance(clock.refresh());
    report_finished();
}

void AnnounceWorker::advance(Time now) {
    const LegContext context{fetcher_, *resolver_, udp_connections_, prng_};
    while (!queue_.empty() && tasks_.size() < announces_parallel_max) {
        tasks_.push_back(std::make_unique<AnnounceTask>(context, std::move(queue_.front()), now));
        queue_.pop_front();
    }
    for (const auto& task : tasks_) task->advance(now);
}

void AnnounceWorker::report_finished() {
    for (const auto& task : tasks_)
        if (task->finished()) task->report();
    std::erase_if(tasks_, [](const auto& task) { return task->finished(); });
}

void AnnounceWorker::wait(Time now, std::optional<Time> until) {
    Time next = now + wait_max;
    if (until) next = std::min(next, *until);
    for (const auto& task : tasks_)
        if (const auto due = task->next_timeout()) next = std::min(next, *due);
    if (!queue_.empty() && tasks_.size() < announces_parallel_max) next = now;
    polls_.clear();
    resolver_->append_polls(polls_);
    const std::size_t resolver_polls = polls_.size();
    for (const auto& task : tasks_) task->append_polls(polls_);
    polls_.push_back({.fd = woken_.descriptor(), .events = POLLIN, .revents = 0});
    fetcher_.poll(polls_, resolver_->poll_time(std::max(next - now, Duration::zero())));
    if ((polls_.back().revents & POLLIN) != 0) woken_.clear();
    polls_.resize(resolver_polls);  // the others are looked at by their tasks
}

}  // namespace spate::driver
