#include "engine/driver/file_trouble.hpp"

#include <cerrno>

namespace spate::driver {

Trouble trouble_of_errno(int error) {
    switch (error) {
        case EMFILE:
        case ENFILE:
            return Trouble::descriptors;
        case ENOMEM:
        case ENOBUFS:
        case EAGAIN:
        case EINTR:
        case EBUSY:
            return Trouble::memory;
        case ENOSPC:
        case EDQUOT:
        case EIO:
        case EROFS:
        case ETIMEDOUT:
            return Trouble::disk;
        default:
            return Trouble::lasting;
    }
}

Trouble trouble_of(std::error_code error) {
    return trouble_of_errno(error.value());
}

}  // namespace spate::driver
