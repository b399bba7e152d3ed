/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers as a debugger sees them: gdb's target description features and access by number.
 *
 * Features org.gnu.gdb.power.{core,fpu,altivec,vsx} as gdb documents them (appendix "Target
 * Description Format", PowerPC features); org.qemu.power.spr is the one name tools know for SPRs.
 * Bytes are in the byte order of the CPU's present mode.
 */
#include "cpu-internal.h"
#include "internal.h"

#define XML_HEAD "<?xml version=\"1.0\"?>\n<!DOCTYPE feature SYSTEM \"gdb-target.dtd\">\n"
#define REG64(name) "  <reg name=\"" name "\" bitsize=\"64\" type=\"uint64\"/>\n"
#define REG32(name) "  <reg name=\"" name "\" bitsize=\"32\" type=\"uint32\"/>\n"
#define TIMES_8(X, a) X(a "0") X(a "1") X(a "2") X(a "3") X(a "4") X(a "5") X(a "6") X(a "7")
/* X(prefix0) .. X(prefix31). */
#define TIMES_32(X, p)                                                                             \
    TIMES_8(X, p)                                                                                  \
    X(p "8") X(p "9") TIMES_8(X, p "1") X(p "18") X(p "19") TIMES_8(X, p "2") X(p "28") X(p "29")  \
        X(p "30") X(p "31")
#define TIMES_32H(X, p)                                                                            \
    X(p "0h")                                                                                      \
    X(p "1h") X(p "2h") X(p "3h") X(p "4h") X(p "5h") X(p "6h") X(p "7h") X(p "8h") X(p "9h")      \
        X(p "10h") X(p "11h") X(p "12h") X(p "13h") X(p "14h") X(p "15h") X(p "16h") X(p "17h")    \
            X(p "18h") X(p "19h") X(p "20h") X(p "21h") X(p "22h") X(p "23h") X(p "24h")           \
                X(p "25h") X(p "26h") X(p "27h") X(p "28h") X(p "29h") X(p "30h") X(p "31h")

static const char core_xml[] =
    XML_HEAD "<feature name=\"org.gnu.gdb.power.core\">\n" TIMES_32(REG64, "r")
    "  <reg name=\"pc\" bitsize=\"64\" type=\"code_ptr\"/>\n"
    "  <reg name=\"msr\" bitsize=\"64\" type=\"uint64\"/>\n"
    "  <reg name=\"cr\" bitsize=\"32\" type=\"uint32\"/>\n"
    "  <reg name=\"lr\" bitsize=\"64\" type=\"code_ptr\"/>\n"
    "  <reg name=\"ctr\" bitsize=\"64\" type=\"uint64\"/>\n"
    "  <reg name=\"xer\" bitsize=\"32\" type=\"uint32\"/>\n"
    "</feature>\n";
/* The same registers of a 32-bit processor. */
static const char core_xml_32[] =
    XML_HEAD "<feature name=\"org.gnu.gdb.power.core\">\n" TIMES_32(REG32, "r")
    "  <reg name=\"pc\" bitsize=\"32\" type=\"code_ptr\"/>\n"
    "  <reg name=\"msr\" bitsize=\"32\" type=\"uint32\"/>\n"
    "  <reg name=\"cr\" bitsize=\"32\" type=\"uint32\"/>\n"
    "  <reg name=\"lr\" bitsize=\"32\" type=\"code_ptr\"/>\n"
    "  <reg name=\"ctr\" bitsize=\"32\" type=\"uint32\"/>\n"
    "  <reg name=\"xer\" bitsize=\"32\" type=\"uint32\"/>\n"
    "</feature>\n";
enum { CORE_PC = 32, CORE_MSR, CORE_CR, CORE_LR, CORE_CTR, CORE_XER, CORE_COUNT };

#define REG_FPR(name) "  <reg name=\"" name "\" bitsize=\"64\" type=\"ieee_double\"/>\n"
static const char fpu_xml[] =
    XML_HEAD "<feature name=\"org.gnu.gdb.power.fpu\">\n" TIMES_32(REG_FPR, "f")
    "  <reg name=\"fpscr\" bitsize=\"32\" group=\"float\"/>\n"
    "</feature>\n";

#define REG_VR(name) "  <reg name=\"" name "\" bitsize=\"128\" type=\"vec128\"/>\n"
static const char altivec_xml[] =
    XML_HEAD "<feature name=\"org.gnu.gdb.power.altivec\">\n"
    "  <vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>\n"
    "  <vector id=\"v4i32\" type=\"int32\" count=\"4\"/>\n"
    "  <vector id=\"v8i16\" type=\"int16\" count=\"8\"/>\n"
    "  <vector id=\"v16i8\" type=\"int8\" count=\"16\"/>\n"
    "  <union id=\"vec128\">\n"
    "    <field name=\"uint128\" type=\"uint128\"/>\n"
    "    <field name=\"v4_float\" type=\"v4f\"/>\n"
    "    <field name=\"v4_int32\" type=\"v4i32\"/>\n"
    "    <field name=\"v8_int16\" type=\"v8i16\"/>\n"
    "    <field name=\"v16_int8\" type=\"v16i8\"/>\n"
    "  </union>\n" TIMES_32(REG_VR, "vr")
    "  <reg name=\"vscr\" bitsize=\"32\" group=\"vector\"/>\n"
    "  <reg name=\"vrsave\" bitsize=\"32\" group=\"vector\"/>\n"
    "</feature>\n";

static const char vsx_xml[] =
    XML_HEAD "<feature name=\"org.gnu.gdb.power.vsx\">\n" TIMES_32H(REG64, "vs")
    "</feature>\n";

/* ---- SPR features, one a family ---- */

#include "gdb-sprs.h.inc"
#define SPRS_FOR_970(X) SPRS_ALL(X) SPRS_64(X) SPRS_970(X) SPRS_970_P7(X) SPRS_UPTO_P8(X)
#define SPRS_FOR_P7(X)                                                                             \
    SPRS_ALL(X) SPRS_64(X) SPRS_970_P7(X) SPRS_UPTO_P8(X) SPRS_P7_P8(X) SPRS_P7_UP(X)
#define SPRS_FOR_P8(X)                                                                             \
    SPRS_ALL(X) SPRS_64(X) SPRS_UPTO_P8(X) SPRS_P7_P8(X) SPRS_P7_UP(X) SPRS_P8_UP(X)
#define SPRS_FOR_P9(X) SPRS_ALL(X) SPRS_64(X) SPRS_P7_UP(X) SPRS_P8_UP(X) SPRS_P9_UP(X) SPRS_P9(X)

#define SPR_XML(name, number) "  <reg name=\"" name "\" bitsize=\"64\" group=\"spr\"/>\n"
#define SPR_NUMBER(name, number) (number),
#define SPR_FEATURE_XML(list)                                                                      \
    XML_HEAD "<feature name=\"org.qemu.power.spr\">\n" list(SPR_XML) "</feature>\n"

/* 32-bit processors: what all of them have, and the BATs; models' own are reached by name. */
#define SPRS_FOR_32(X)                                                                             \
    SPRS_ALL(X)                                                                                    \
    X("sdr1", SPR_SDR1) X("ear", SPR_EAR) X("hid0", SPR_HID0) X("iabr", SPR_IABR)                  \
        X("ibat0u", SPR_IBAT0U) X("ibat0l", SPR_IBAT0U + 1) X("ibat1u", SPR_IBAT0U + 2)            \
            X("ibat1l", SPR_IBAT0U + 3) X("ibat2u", SPR_IBAT0U + 4) X("ibat2l", SPR_IBAT0U + 5)    \
                X("ibat3u", SPR_IBAT0U + 6) X("ibat3l", SPR_IBAT0U + 7) X("dbat0u", SPR_DBAT0U)    \
                    X("dbat0l", SPR_DBAT0U + 1) X("dbat1u", SPR_DBAT0U + 2)                        \
                        X("dbat1l", SPR_DBAT0U + 3) X("dbat2u", SPR_DBAT0U + 4)                    \
                            X("dbat2l", SPR_DBAT0U + 5) X("dbat3u", SPR_DBAT0U + 6)                \
                                X("dbat3l", SPR_DBAT0U + 7)
#define SPR_XML_32(name, number) "  <reg name=\"" name "\" bitsize=\"32\" group=\"spr\"/>\n"

static const char spr_xml_32[] =
    XML_HEAD "<feature name=\"org.qemu.power.spr\">\n" SPRS_FOR_32(SPR_XML_32) "</feature>\n";
static const uint16_t spr_numbers_32[] = {SPRS_FOR_32(SPR_NUMBER)};
static const char spr_xml_970[] = SPR_FEATURE_XML(SPRS_FOR_970);
static const char spr_xml_p7[] = SPR_FEATURE_XML(SPRS_FOR_P7);
static const char spr_xml_p8[] = SPR_FEATURE_XML(SPRS_FOR_P8);
static const char spr_xml_p9[] = SPR_FEATURE_XML(SPRS_FOR_P9);
static const uint16_t spr_numbers_970[] = {SPRS_FOR_970(SPR_NUMBER)};
static const uint16_t spr_numbers_p7[] = {SPRS_FOR_P7(SPR_NUMBER)};
static const uint16_t spr_numbers_p8[] = {SPRS_FOR_P8(SPR_NUMBER)};
static const uint16_t spr_numbers_p9[] = {SPRS_FOR_P9(SPR_NUMBER)};

static const uint16_t *family_sprs(const PowerPCCPU *cpu, unsigned *count)
{
    if (!cpu_is_64(cpu)) {
        *count = G_N_ELEMENTS(spr_numbers_32);
        return spr_numbers_32;
    }
    switch (cpu_family(cpu)) {
    case FAMILY_POWER7:
        *count = G_N_ELEMENTS(spr_numbers_p7);
        return spr_numbers_p7;
    case FAMILY_POWER8:
        *count = G_N_ELEMENTS(spr_numbers_p8);
        return spr_numbers_p8;
    case FAMILY_POWER9:
        *count = G_N_ELEMENTS(spr_numbers_p9);
        return spr_numbers_p9;
    default:
        *count = G_N_ELEMENTS(spr_numbers_970);
        return spr_numbers_970;
    }
}

/* ---- Bytes in the guest's order ---- */

static bool guest_le(CPUState *cs)
{
    return POWERPC_CPU(cs)->env.msr & MSR_BIT(LE);
}

static int put(CPUState *cs, GByteArray *buf, uint64_t value, unsigned size)
{
    uint8_t bytes[8];

    for (unsigned i = 0; i < size; i++) {
        bytes[guest_le(cs) ? i : size - 1 - i] = value >> (8 * i);
    }
    g_byte_array_append(buf, bytes, size);
    return (int)size;
}

static bool get(CPUState *cs, const uint8_t *buf, unsigned have, unsigned size, uint64_t *value)
{
    if (have < size) {
        return false;
    }
    *value = 0;
    for (unsigned i = 0; i < size; i++) {
        *value |= (uint64_t)buf[guest_le(cs) ? i : size - 1 - i] << (8 * i);
    }
    return true;
}

/* Bytes of a general register. */
static unsigned word_size(CPUState *cs)
{
    return cpu_is_64(POWERPC_CPU(cs)) ? 8 : 4;
}

/* ---- Core ---- */

static int core_read(CPUState *cs, GByteArray *buf, int n)
{
    CPUPPCState *env = &POWERPC_CPU(cs)->env;

    switch (n) {
    case 0 ... 31:
        return put(cs, buf, env->gpr[n], word_size(cs));
    case CORE_PC:
        return put(cs, buf, env->nip, word_size(cs));
    case CORE_MSR:
        return put(cs, buf, env->msr, word_size(cs));
    case CORE_CR:
        return put(cs, buf, ppc_get_cr(env), 4);
    case CORE_LR:
        return put(cs, buf, env->lr, word_size(cs));
    case CORE_CTR:
        return put(cs, buf, env->ctr, word_size(cs));
    case CORE_XER:
        return put(cs, buf, ppc_get_xer(env), 4);
    default:
        return 0;
    }
}

static int core_write(CPUState *cs, const uint8_t *buf, unsigned have, int n)
{
    CPUPPCState *env = &POWERPC_CPU(cs)->env;
    unsigned size = n == CORE_CR || n == CORE_XER ? 4 : word_size(cs);
    uint64_t value;

    if (n >= CORE_COUNT || !get(cs, buf, have, size, &value)) {
        return 0;
    }
    switch (n) {
    case 0 ... 31:
        env->gpr[n] = value;
        break;
    case CORE_PC:
        env->nip = value;
        break;
    case CORE_MSR:
        ppc_msr_assign(env, value);
        break;
    case CORE_CR:
        ppc_set_cr(env, (uint32_t)value, 0xff);
        break;
    case CORE_LR:
        env->lr = value;
        break;
    case CORE_CTR:
        env->ctr = value;
        break;
    default:
        ppc_set_xer(env, value);
        break;
    }
    return (int)size;
}

/* ---- Floating point, AltiVec, VSX ---- */

static int fpu_read(CPUState *cs, GByteArray *buf, int n)
{
    CPUPPCState *env = &POWERPC_CPU(cs)->env;

    if (n < 32) {
        return put(cs, buf, env->vsr[n].d[1], 8);
    }
    fpscr_sync(env);
    return put(cs, buf, env->fpscr, 4);
}

static int fpu_write(CPUState *cs, const uint8_t *buf, unsigned have, int n)
{
    CPUPPCState *env = &POWERPC_CPU(cs)->env;
    uint64_t value;

    if (!get(cs, buf, have, n < 32 ? 8 : 4, &value)) {
        return 0;
    }
    if (n < 32) {
        env->vsr[n].d[1] = value;
        return 8;
    }
    fpscr_sync(env);
    ppc_store_fpscr(env, value, 0xffffffff);
    return 4;
}

static int altivec_read(CPUState *cs, GByteArray *buf, int n)
{
    CPUPPCState *env = &POWERPC_CPU(cs)->env;

    if (n < 32) {
        const V128 *vr = &env->vsr[32 + n];

        put(cs, buf, guest_le(cs) ? vr->d[0] : vr->d[1], 8);
        return 8 + put(cs, buf, guest_le(cs) ? vr->d[1] : vr->d[0], 8);
    }
    return put(cs, buf, n == 32 ? env->vscr : env->spr[SPR_VRSAVE], 4);
}

static int altivec_write(CPUState *cs, const uint8_t *buf, unsigned have, int n)
{
    CPUPPCState *env = &POWERPC_CPU(cs)->env;
    uint64_t first, second;

    if (n < 32) {
        if (have < 16) {
            return 0;
        }
        get(cs, buf, 8, 8, &first);
        get(cs, buf + 8, 8, 8, &second);
        env->vsr[32 + n].d[guest_le(cs) ? 0 : 1] = first;
        env->vsr[32 + n].d[guest_le(cs) ? 1 : 0] = second;
        return 16;
    }
    if (!get(cs, buf, have, 4, &first)) {
        return 0;
    }
    if (n == 32) {
        env->vscr = (uint32_t)first & 0x10001;
        ppc_update_hflags(env);
    } else {
        env->spr[SPR_VRSAVE] = (uint32_t)first;
    }
    return 4;
}

static int vsx_read(CPUState *cs, GByteArray *buf, int n)
{
    return put(cs, buf, POWERPC_CPU(cs)->env.vsr[n].d[0], 8);
}

static int vsx_write(CPUState *cs, const uint8_t *buf, unsigned have, int n)
{
    return get(cs, buf, have, 8, &POWERPC_CPU(cs)->env.vsr[n].d[0]) ? 8 : 0;
}

/* ---- SPRs ---- */

static int spr_read(CPUState *cs, GByteArray *buf, int n)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);
    unsigned count;
    const uint16_t *numbers = family_sprs(cpu, &count);
    uint64_t value;

    if ((unsigned)n >= count || !ppc_spr_read_raw(&cpu->env, numbers[n], &value)) {
        return 0;
    }
    return put(cs, buf, value, word_size(cs));
}

static int spr_write(CPUState *cs, const uint8_t *buf, unsigned have, int n)
{
    PowerPCCPU *cpu = POWERPC_CPU(cs);
    unsigned count;
    const uint16_t *numbers = family_sprs(cpu, &count);
    uint64_t value;

    if ((unsigned)n >= count || !get(cs, buf, have, word_size(cs), &value) ||
        !ppc_spr_write_raw(&cpu->env, numbers[n], value)) {
        return 0;
    }
    return (int)word_size(cs);
}

/* ---- The features of each family ---- */

#define CORE_FEATURE {"power64-core.xml", core_xml, CORE_COUNT, core_read, core_write}
#define FPU_FEATURE {"power-fpu.xml", fpu_xml, 33, fpu_read, fpu_write}
#define ALTIVEC_FEATURE {"power-altivec.xml", altivec_xml, 34, altivec_read, altivec_write}
#define VSX_FEATURE {"power-vsx.xml", vsx_xml, 32, vsx_read, vsx_write}
#define SPR_FEATURE(family)                                                                        \
    {                                                                                              \
        "power-spr.xml", spr_xml_##family, G_N_ELEMENTS(spr_numbers_##family), spr_read, spr_write \
    }

#define CORE_FEATURE_32 {"power-core.xml", core_xml_32, CORE_COUNT, core_read, core_write}

const GDBFeature ppc_gdb_features_32[] = {CORE_FEATURE_32, FPU_FEATURE, SPR_FEATURE(32), {NULL}};
const GDBFeature ppc_gdb_features_74xx[] = {
    CORE_FEATURE_32, FPU_FEATURE, ALTIVEC_FEATURE, SPR_FEATURE(32), {NULL},
};
const GDBFeature ppc_gdb_features_power5[] = {CORE_FEATURE, FPU_FEATURE, SPR_FEATURE(970), {NULL}};
const GDBFeature ppc_gdb_features_970[] = {
    CORE_FEATURE, FPU_FEATURE, ALTIVEC_FEATURE, SPR_FEATURE(970), {NULL},
};
const GDBFeature ppc_gdb_features_p7[] = {
    CORE_FEATURE, FPU_FEATURE, ALTIVEC_FEATURE, SPR_FEATURE(p7), VSX_FEATURE, {NULL},
};
const GDBFeature ppc_gdb_features_p8[] = {
    CORE_FEATURE, FPU_FEATURE, ALTIVEC_FEATURE, SPR_FEATURE(p8), VSX_FEATURE, {NULL},
};
const GDBFeature ppc_gdb_features_p9[] = {
    CORE_FEATURE, FPU_FEATURE, ALTIVEC_FEATURE, SPR_FEATURE(p9), VSX_FEATURE, {NULL},
};
