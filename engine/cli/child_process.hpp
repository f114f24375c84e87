#pragma once
// engine/cli/child_process.hpp: another program, and what it prints.
#include <expected>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace spate::cli {

/// Runs a program with its standard output in a pipe, with the signals of a fresh process. One
/// that still runs when this is destroyed is terminated and waited for. One thread.
class ChildProcess {
public:
    /// The error is an errno.
    static std::expected<ChildProcess, int> start(const std::string& program,
                                                  const std::vector<std::string>& arguments);
    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&&) = delete;
    ~ChildProcess();

    /// The next line, without its end. Blocks; nothing at the end of the output.
    std::optional<std::string> read_line();
    void terminate();
    /// Its exit code; 128 and the signal when one ended it. Blocks.
    int wait();

private:
    ChildProcess(pid_t pid, int output) : pid_(pid), output_(output) {}

    pid_t pid_;
    int output_;
    std::string buffer_;
};

}  // namespace spate::cli
