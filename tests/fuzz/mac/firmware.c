/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware's client interface: services with arguments that no kernel gives. */
#include "guest.h"

enum { MAX_CELLS = 16 };

static const char *const services[] = {
    "test",
    "peer",
    "child",
    "parent",
    "finddevice",
    "getproplen",
    "getprop",
    "nextprop",
    "setprop",
    "canon",
    "package-to-path",
    "instance-to-package",
    "instance-to-path",
    "open",
    "close",
    "write",
    "read",
    "seek",
    "call-method",
    "claim",
    "release",
    "milliseconds",
    "quiesce",
    "set-callback",
    "interpret",
    "nonsense",
};
static const char *const words[] = {
    "/",         "/chosen", "/memory@0", "/memory",        "/cpus",         "/options", "/aliases",
    "screen",    "ttya",    "mac-io",    "stdout",         "stdin",         "mmu",      "memory",
    "bootargs",  "reg",     "name",      "compatible",     "linux,phandle", "ranges",   "model",
    "/openprom", "/rtas",   "enet:,",    "hd:3,\\\\:tbxi", "translate",     "map",      "claim",
    "release",   "color!",  "",          "@@@/:,",
};

static uint32_t put_string(const char *text)
{
    uint32_t at = desc_address(1), n = 0;

    while (text[n]) {
        n++;
    }
    fill(at, text, n + 1);
    if (one_in(12)) {
        memory(at)[below(n + 1)] = (uint8_t)rnd();
    }
    return one_in(16) ? data_address() : at;
}

/* Handles are small numbers, or what the last call gave. */
static uint32_t argument(uint32_t last)
{
    switch (below(8)) {
    case 0:
    case 1:
        return put_string(words[below(sizeof(words) / sizeof(*words))]);
    case 2:
        return data_address();
    case 3:
        return any_length();
    case 4:
        return any_word();
    case 5:
        return below(64);
    default:
        return last;
    }
}

static uint32_t call_client(uint32_t arguments)
{
    register uint32_t r3 __asm__("r3") = arguments;

    __asm__ volatile("mtctr %1; bctrl"
                     : "+r"(r3)
                     : "r"(guest.client)
                     : "ctr", "lr", "r0", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12",
                       "cr0", "cr1", "cr5", "cr6", "cr7", "xer", "memory");
    return r3;
}

void fuzz_firmware(void)
{
    static uint32_t last;

    for (unsigned n = 1 + below(16); n; n--) {
        uint32_t at = desc_address(4), n_args = one_in(4) ? below(MAX_CELLS) : 4, n_rets = below(4),
                 which = below(sizeof(services) / sizeof(*services));

        if (which == 22 && !one_in(200)) { /* quiesce is the end of it */
            which = 0;
        }
        for (unsigned i = 0; i < MAX_CELLS + 8; i++) {
            put_be32(at + 12 + 4 * i, argument(last));
        }
        put_be32(at, put_string(services[which]));
        put_be32(at + 4, one_in(32) ? any_word() : n_args);
        put_be32(at + 8, one_in(32) ? any_word() : n_rets);
        call_client(one_in(32) ? data_address() : at);
        if (n_rets && !one_in(4)) {
            last = *(volatile uint32_t *)(at + 12 + 4 * (n_args < MAX_CELLS ? n_args : 0));
        }
    }
    if (one_in(64)) {
        call(guest.client + 4 * below(64));
    }
}
