/* each.h: EACH(M, (a, b, c), (d, e, f)) expands to M(a, b, c) M(d, e, f); one to sixteen tuples. */
#ifndef EMILY_OP_EACH_H
#define EMILY_OP_EACH_H

#define EACH_1(M, a) M a
#define EACH_2(M, a, ...) M a EACH_1(M, __VA_ARGS__)
#define EACH_3(M, a, ...) M a EACH_2(M, __VA_ARGS__)
#define EACH_4(M, a, ...) M a EACH_3(M, __VA_ARGS__)
#define EACH_5(M, a, ...) M a EACH_4(M, __VA_ARGS__)
#define EACH_6(M, a, ...) M a EACH_5(M, __VA_ARGS__)
#define EACH_7(M, a, ...) M a EACH_6(M, __VA_ARGS__)
#define EACH_8(M, a, ...) M a EACH_7(M, __VA_ARGS__)
#define EACH_9(M, a, ...) M a EACH_8(M, __VA_ARGS__)
#define EACH_10(M, a, ...) M a EACH_9(M, __VA_ARGS__)
#define EACH_11(M, a, ...) M a EACH_10(M, __VA_ARGS__)
#define EACH_12(M, a, ...) M a EACH_11(M, __VA_ARGS__)
#define EACH_13(M, a, ...) M a EACH_12(M, __VA_ARGS__)
#define EACH_14(M, a, ...) M a EACH_13(M, __VA_ARGS__)
#define EACH_15(M, a, ...) M a EACH_14(M, __VA_ARGS__)
#define EACH_16(M, a, ...) M a EACH_15(M, __VA_ARGS__)
#define EACH_PICK(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, name, ...) name
#define EACH(M, ...)                                                                                                       \
  EACH_PICK(__VA_ARGS__, EACH_16, EACH_15, EACH_14, EACH_13, EACH_12, EACH_11, EACH_10, EACH_9, EACH_8, EACH_7, EACH_6,     \
            EACH_5, EACH_4, EACH_3, EACH_2, EACH_1, unused)                                                                  \
  (M, __VA_ARGS__)

#endif
