#include "engine/driver/tracker/announce_thread.hpp"

#include <utility>

#include "engine/base/assert.hpp"
#include "io/clock.hpp"

namespace spate::driver {

std::expected<std::unique_ptr<AnnounceThread>, std::string> AnnounceThread::start(Options options) {
    auto worker = AnnounceWorker::open(std::move(options.http), Prng(options.seed));
    if (!worker) return std::unexpected(worker.error());
    return std::unique_ptr<AnnounceThread>(new AnnounceThread(std::move(*worker)));
}

AnnounceThread::AnnounceThread(std::unique_ptr<AnnounceWorker> worker)
    : worker_(std::move(worker)), thread_([this] { run(); }) {}

AnnounceThread::~AnnounceThread() {
    shut_down(Duration::zero());
}

bool AnnounceThread::submit(AnnounceJob job) {
    SPATE_ASSERT(job.done);
    {
        const std::lock_guard lock(mutex_);
        if (closed_ || waiting_ + mail_.jobs.size() >= announces_queued_max) return false;
        mail_.jobs.push_back(std::move(job));
    }
    worker_->wake_up();
    return true;
}

void AnnounceThread::cancel(std::uint64_t id) {
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        mail_.cancelled.push_back(id);
    }
    worker_->wake_up();
}

void AnnounceThread::shut_down(Duration grace) {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        mail_.shut_down_grace = grace;
    }
    worker_->wake_up();
    thread_.join();
}

AnnounceThread::Mail AnnounceThread::take_mail() {
    const std::lock_guard lock(mutex_);
    Mail mail = std::exchange(mail_, {});
    waiting_ = worker_->waiting_count() + mail.jobs.size();
    return mail;
}

void AnnounceThread::run() {
    std::optional<Time> deadline;
    while (true) {
        Mail mail = take_mail();
        for (AnnounceJob& job : mail.jobs) worker_->add(std::move(job));
        for (const std::uint64_t id : mail.cancelled) worker_->cancel(id);
        const Time now = io::Clock().now();
        if (mail.shut_down_grace) {
            worker_->cancel_but_stopped();
            deadline = now + *mail.shut_down_grace;
        }
        if (deadline && now >= *deadline) worker_->cancel_all();
        if (deadline && worker_->idle()) return;
        worker_->turn(deadline);
    }
}

}  // namespace spate::driver
