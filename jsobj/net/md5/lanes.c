/* MD5 of several independent streams at once: one stream in each 32-bit lane of a vector register.
 *
 * MD5 (RFC 1321) is one chain of 64 dependent steps for each 64 bytes: a processor core cannot make one stream faster,
 * but takes eight or sixteen through the same steps for little more than the price of one. The vectors are the
 * compiler's own (GCC, Clang), which makes AVX2, SSE2 or NEON of the same lines.
 *
 * Called through ctypes by compiled.py, which must know `struct stream` and the signatures below.
 */
#define _XOPEN_SOURCE 700 /* pread */
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the words of MD5 are little-endian, and so must the processor be"
#endif

#define EXPORT __attribute__((visibility("default")))
#define BLOCK 64
#define NARROW 8
#define WIDE 16
#define PIECE 32768 /* bytes of a file in each lane at once: WIDE of them stay in a core's cache */

struct stream {
    uint32_t state[4];
    uint64_t length;    /* bytes so far */
    uint8_t tail[BLOCK]; /* its last length % BLOCK bytes */
};

#define F(b, c, d) ((d) ^ ((b) & ((c) ^ (d))))
#define G(b, c, d) ((c) ^ ((d) & ((b) ^ (c))))
#define H(b, c, d) ((b) ^ (c) ^ (d))
#define I(b, c, d) ((c) ^ ((b) | ~(d)))
#define STEP(f, a, b, c, d, i, k, s) \
    a += f(b, c, d) + w[i] + k; \
    a = ((a << s) | (a >> (32 - s))) + b;

#define ROUNDS \
    STEP(F,a,b,c,d, 0,0xd76aa478u, 7) STEP(F,d,a,b,c, 1,0xe8c7b756u,12) STEP(F,c,d,a,b, 2,0x242070dbu,17) STEP(F,b,c,d,a, 3,0xc1bdceeeu,22) \
    STEP(F,a,b,c,d, 4,0xf57c0fafu, 7) STEP(F,d,a,b,c, 5,0x4787c62au,12) STEP(F,c,d,a,b, 6,0xa8304613u,17) STEP(F,b,c,d,a, 7,0xfd469501u,22) \
    STEP(F,a,b,c,d, 8,0x698098d8u, 7) STEP(F,d,a,b,c, 9,0x8b44f7afu,12) STEP(F,c,d,a,b,10,0xffff5bb1u,17) STEP(F,b,c,d,a,11,0x895cd7beu,22) \
    STEP(F,a,b,c,d,12,0x6b901122u, 7) STEP(F,d,a,b,c,13,0xfd987193u,12) STEP(F,c,d,a,b,14,0xa679438eu,17) STEP(F,b,c,d,a,15,0x49b40821u,22) \
    STEP(G,a,b,c,d, 1,0xf61e2562u, 5) STEP(G,d,a,b,c, 6,0xc040b340u, 9) STEP(G,c,d,a,b,11,0x265e5a51u,14) STEP(G,b,c,d,a, 0,0xe9b6c7aau,20) \
    STEP(G,a,b,c,d, 5,0xd62f105du, 5) STEP(G,d,a,b,c,10,0x02441453u, 9) STEP(G,c,d,a,b,15,0xd8a1e681u,14) STEP(G,b,c,d,a, 4,0xe7d3fbc8u,20) \
    STEP(G,a,b,c,d, 9,0x21e1cde6u, 5) STEP(G,d,a,b,c,14,0xc33707d6u, 9) STEP(G,c,d,a,b, 3,0xf4d50d87u,14) STEP(G,b,c,d,a, 8,0x455a14edu,20) \
    STEP(G,a,b,c,d,13,0xa9e3e905u, 5) STEP(G,d,a,b,c, 2,0xfcefa3f8u, 9) STEP(G,c,d,a,b, 7,0x676f02d9u,14) STEP(G,b,c,d,a,12,0x8d2a4c8au,20) \
    STEP(H,a,b,c,d, 5,0xfffa3942u, 4) STEP(H,d,a,b,c, 8,0x8771f681u,11) STEP(H,c,d,a,b,11,0x6d9d6122u,16) STEP(H,b,c,d,a,14,0xfde5380cu,23) \
    STEP(H,a,b,c,d, 1,0xa4beea44u, 4) STEP(H,d,a,b,c, 4,0x4bdecfa9u,11) STEP(H,c,d,a,b, 7,0xf6bb4b60u,16) STEP(H,b,c,d,a,10,0xbebfbc70u,23) \
    STEP(H,a,b,c,d,13,0x289b7ec6u, 4) STEP(H,d,a,b,c, 0,0xeaa127fau,11) STEP(H,c,d,a,b, 3,0xd4ef3085u,16) STEP(H,b,c,d,a, 6,0x04881d05u,23) \
    STEP(H,a,b,c,d, 9,0xd9d4d039u, 4) STEP(H,d,a,b,c,12,0xe6db99e5u,11) STEP(H,c,d,a,b,15,0x1fa27cf8u,16) STEP(H,b,c,d,a, 2,0xc4ac5665u,23) \
    STEP(I,a,b,c,d, 0,0xf4292244u, 6) STEP(I,d,a,b,c, 7,0x432aff97u,10) STEP(I,c,d,a,b,14,0xab9423a7u,15) STEP(I,b,c,d,a, 5,0xfc93a039u,21) \
    STEP(I,a,b,c,d,12,0x655b59c3u, 6) STEP(I,d,a,b,c, 3,0x8f0ccc92u,10) STEP(I,c,d,a,b,10,0xffeff47du,15) STEP(I,b,c,d,a, 1,0x85845dd1u,21) \
    STEP(I,a,b,c,d, 8,0x6fa87e4fu, 6) STEP(I,d,a,b,c,15,0xfe2ce6e0u,10) STEP(I,c,d,a,b, 6,0xa3014314u,15) STEP(I,b,c,d,a,13,0x4e0811a1u,21) \
    STEP(I,a,b,c,d, 4,0xf7537e82u, 6) STEP(I,d,a,b,c,11,0xbd3af235u,10) STEP(I,c,d,a,b, 2,0x2ad7d2bbu,15) STEP(I,b,c,d,a, 9,0xeb86d391u,21)


typedef void compress(uint32_t *const state[], const uint8_t *const data[], size_t blocks);

static void one(uint32_t *const state[], const uint8_t *const data[], size_t blocks) {
    uint32_t a = state[0][0], b = state[0][1], c = state[0][2], d = state[0][3], w[16];
    const uint8_t *from = data[0];
    for (; blocks; blocks--, from += BLOCK) {
        memcpy(w, from, BLOCK);
        uint32_t a0 = a, b0 = b, c0 = c, d0 = d;
        ROUNDS
        a += a0, b += b0, c += c0, d += d0;
    }
    state[0][0] = a, state[0][1] = b, state[0][2] = c, state[0][3] = d;
}

/* A function that takes `blocks` blocks of each of LANES streams through the steps. */
#define IN_LANES(NAME, LANES, TARGET) \
    typedef uint32_t NAME##_vector __attribute__((vector_size(4 * LANES))); \
    TARGET static void NAME(uint32_t *const state[], const uint8_t *const data[], size_t blocks) { \
        NAME##_vector a, b, c, d, w[16]; \
        for (int n = 0; n < LANES; n++) \
            a[n] = state[n][0], b[n] = state[n][1], c[n] = state[n][2], d[n] = state[n][3]; \
        for (size_t at = 0; at < blocks * BLOCK; at += BLOCK) { \
            uint32_t words[16][LANES] __attribute__((aligned(4 * LANES))); \
            for (int n = 0; n < LANES; n++) \
                for (int i = 0; i < 16; i++) \
                    memcpy(&words[i][n], data[n] + at + 4 * i, 4); \
            memcpy(w, words, sizeof w); \
            NAME##_vector a0 = a, b0 = b, c0 = c, d0 = d; \
            ROUNDS \
            a += a0, b += b0, c += c0, d += d0; \
        } \
        for (int n = 0; n < LANES; n++) \
            state[n][0] = a[n], state[n][1] = b[n], state[n][2] = c[n], state[n][3] = d[n]; \
    }

IN_LANES(narrow, NARROW, )
IN_LANES(wide, WIDE, )
#if defined(__x86_64__)
#define HAS_AVX2
IN_LANES(narrow_avx2, NARROW, __attribute__((target("avx2"))))
IN_LANES(wide_avx2, WIDE, __attribute__((target("avx2"))))
#endif

static int has_avx2(void) {
#ifdef HAS_AVX2
    return __builtin_cpu_supports("avx2");
#else
    return 0;
#endif
}

/* Take whole blocks of up to WIDE streams through: as many at once as have some left. `data` and `blocks` are used up. */
static void compress_all(int count, uint32_t *state[], const uint8_t *data[], size_t blocks[]) {
    compress *eight = narrow, *sixteen = wide;
#ifdef HAS_AVX2
    if (has_avx2())
        eight = narrow_avx2, sixteen = wide_avx2;
#endif
    for (;;) {
        int used[WIDE], n = 0;
        size_t least = 0;
        for (int i = 0; i < count; i++)
            if (blocks[i]) {
                used[n++] = i;
                if (n == 1 || blocks[i] < least)
                    least = blocks[i];
            }
        if (n == 0)
            return;
        if (n <= 2) { /* two lanes are no faster than one stream after the other */
            for (int k = 0; k < n; k++)
                one(&state[used[k]], &data[used[k]], blocks[used[k]]);
            return;
        }
        /* Lanes without a stream repeat the first one's bytes into a state that nobody reads. */
        uint32_t unread[4] = {0, 0, 0, 0}, *lane_state[WIDE];
        const uint8_t *lane_data[WIDE];
        int lanes = n <= NARROW ? NARROW : WIDE;
        for (int k = 0; k < lanes; k++) {
            lane_state[k] = k < n ? state[used[k]] : unread;
            lane_data[k] = data[used[k < n ? k : 0]];
        }
        (lanes == NARROW ? eight : sixteen)(lane_state, lane_data, least);
        for (int k = 0; k < n; k++) {
            data[used[k]] += least * BLOCK;
            blocks[used[k]] -= least;
        }
    }
}

/* More bytes for up to WIDE streams, all of them different. */
static void update_some(int count, struct stream *const streams[], const uint8_t *const data[], const size_t sizes[]) {
    uint32_t *state[WIDE];
    const uint8_t *from[WIDE];
    size_t blocks[WIDE], left[WIDE];
    for (int i = 0; i < count; i++) {
        struct stream *s = streams[i];
        size_t held = s->length % BLOCK, taken = 0;
        if (held) {
            taken = BLOCK - held < sizes[i] ? BLOCK - held : sizes[i];
            memcpy(s->tail + held, data[i], taken);
            if (held + taken == BLOCK) {
                uint32_t *its = s->state;
                const uint8_t *tail = s->tail;
                one(&its, &tail, 1);
            }
        }
        s->length += sizes[i];
        state[i] = s->state;
        from[i] = data[i] + taken;
        blocks[i] = (sizes[i] - taken) / BLOCK;
        left[i] = (sizes[i] - taken) % BLOCK;
    }
    const uint8_t *ends[WIDE];
    for (int i = 0; i < count; i++)
        ends[i] = from[i] + blocks[i] * BLOCK;
    compress_all(count, state, from, blocks);
    for (int i = 0; i < count; i++)
        if (left[i])
            memcpy(streams[i]->tail, ends[i], left[i]); /* there is no older tail: what was held became a block */
}

/* Exactly `wanted` bytes of a file; 0, or the error number, or -1 where it ends before. */
static int read_all(int file, uint8_t *into, size_t wanted, int64_t start) {
    for (size_t came = 0; came < wanted;) {
        ssize_t more = pread(file, into + came, wanted - came, (off_t)(start + (int64_t)came));
        if (more < 0 && errno == EINTR)
            continue;
        if (more <= 0)
            return more < 0 ? errno : -1;
        came += (size_t)more;
    }
    return 0;
}

EXPORT void jsobj_md5_begin(struct stream *s) {
    memset(s, 0, sizeof *s);
    s->state[0] = 0x67452301u, s->state[1] = 0xefcdab89u, s->state[2] = 0x98badcfeu, s->state[3] = 0x10325476u;
}

/* More bytes for each of `count` streams, all of them different. */
EXPORT void jsobj_md5_update(int count, struct stream *const streams[], const uint8_t *const data[], const size_t sizes[]) {
    for (int at = 0; at < count; at += WIDE)
        update_some(count - at < WIDE ? count - at : WIDE, streams + at, data + at, sizes + at);
}

/* More bytes for each of up to WIDE streams, out of files: `sizes[i]` bytes of `files[i]` from `starts[i]` on.
 * `errors[i]` becomes 0, or the error number, or -1 where the file ends before; what that stream has is of no use then.
 */
EXPORT void jsobj_md5_update_files(int count, struct stream *const streams[], const int files[], const int64_t starts[],
                                   const int64_t sizes[], int errors[]) {
    uint8_t *memory = malloc((size_t)count * PIECE);
    for (int i = 0; i < count; i++)
        errors[i] = memory == NULL || count > WIDE ? ENOMEM : 0;
    for (int64_t done = 0, more = memory != NULL; more; done += PIECE) {
        struct stream *live[WIDE];
        const uint8_t *data[WIDE];
        size_t came[WIDE];
        int n = 0;
        more = 0;
        for (int i = 0; i < count; i++) {
            if (errors[i] || done >= sizes[i])
                continue;
            size_t wanted = sizes[i] - done < PIECE ? (size_t)(sizes[i] - done) : PIECE;
            live[n] = streams[i], data[n] = memory + (size_t)n * PIECE, came[n] = wanted;
            if ((errors[i] = read_all(files[i], memory + (size_t)n * PIECE, wanted, starts[i] + done)) == 0)
                n++, more = 1;
        }
        if (n)
            update_some(n, live, data, came);
    }
    free(memory);
}

/* The digest of what came so far; the stream stays as it is. */
EXPORT void jsobj_md5_digest(const struct stream *s, uint8_t out[16]) {
    struct stream end = *s;
    uint64_t bits = s->length * 8;
    size_t held = s->length % BLOCK, zeros = (held < 56 ? 56 : 120) - held;
    uint8_t padding[72] = {0x80};
    memcpy(padding + zeros, &bits, 8);
    struct stream *streams[1] = {&end};
    const uint8_t *data[1] = {padding};
    size_t sizes[1] = {zeros + 8};
    update_some(1, streams, data, sizes);
    memcpy(out, end.state, 16);
}

/* The bits of the vectors: 256 with AVX2, 128 with SSE2 or NEON. 8 or 16 streams go through at once in either case. */
EXPORT int jsobj_md5_vector_bits(void) { return has_avx2() ? 256 : 128; }

/* Raised with any change of what is above. */
EXPORT int jsobj_md5_version(void) { return 1; }
