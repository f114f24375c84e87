#pragma once
// engine/base/probe.hpp: places in the program that a tracer can watch.
//
// SPATE_PROBE(name, first, second, third, fourth) marks a USDT probe of the provider `spate` with
// four integers. Off, it is one instruction that does nothing; perf and bpftrace find it by a note
// in the binary. perf/latency.bt lists the probes and what their arguments are. Built without
// systemtap-sdt-dev there are none.
#if __has_include(<sys/sdt.h>)
#include <sys/sdt.h>
#define SPATE_PROBE(name, first, second, third, fourth) \
    STAP_PROBE4(spate, name, first, second, third, fourth)
#else
#define SPATE_PROBE(name, first, second, third, fourth) \
    static_cast<void>(sizeof(first) + sizeof(second) + sizeof(third) + sizeof(fourth))
#endif
