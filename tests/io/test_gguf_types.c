/* test_gguf_types.c: blocks by hand; tests/oracle/test_gguf.py has each type beside the `gguf` package and MLX. */
#include "io/gguf_types.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

enum { ONE = 0x3C00, TWO = 0x4000, MINUS_8 = 0xC800, MINUS_128 = 0xD800 }; /* as float16 */

static void q4_0(void **state) {
  (void)state;
  uint8_t block[18] = {0x00, 0x3C, 0x1F}, weight[16];
  uint16_t out[32], scale, bias;
  const emily__gguf_type *type = emily__gguf_type_of(2);
  emily__gguf_dequantize(type, block, 1, out);
  assert_int_equal(out[0], 0x4700);  /* 15 - 8 */
  assert_int_equal(out[16], 0xC700); /* 1 - 8 */
  assert_int_equal(out[1], MINUS_8);
  emily__gguf_pack(type, block, 1, weight, &scale, &bias);
  assert_int_equal(weight[0], 0x0F);
  assert_int_equal(weight[8], 0x01);
  assert_int_equal(scale, ONE);
  assert_int_equal(bias, MINUS_8);
}

static void q8_0(void **state) {
  (void)state;
  uint8_t block[34] = {0x00, 0x3C, 0xFF, 2}, weight[32];
  uint16_t out[32], scale, bias;
  const emily__gguf_type *type = emily__gguf_type_of(8);
  emily__gguf_dequantize(type, block, 1, out);
  assert_int_equal(out[0], 0xBC00);
  assert_int_equal(out[1], TWO);
  emily__gguf_pack(type, block, 1, weight, &scale, &bias);
  assert_int_equal(weight[0], 127);
  assert_int_equal(weight[1], 130);
  assert_int_equal(bias, MINUS_128);
  assert_int_equal(emily__gguf_bits(type), 8);
}

static void the_table(void **state) {
  (void)state;
  assert_null(emily__gguf_type_of(4)); /* a type that ggml removed */
  assert_null(emily__gguf_type_of(UINT32_MAX));
  assert_string_equal(emily__gguf_type_for(EMILY_BFLOAT16)->name, "BF16");
  assert_null(emily__gguf_type_for(EMILY_UINT8));
  for (uint32_t id = 0; id < 64; id++) {
    const emily__gguf_type *type = emily__gguf_type_of(id);
    if (!type) continue;
    assert_in_range(type->block, 1, EMILY__BLOCK_ELEMENTS_MAX);
    const emily__block_format *format = emily__block_format_of(id);
    assert_true((format != NULL) == (type->use == EMILY__GGUF_AFFINE || type->use == EMILY__GGUF_DEQUANTIZED));
    if (type->use == EMILY__GGUF_DIRECT) assert_int_equal(type->size, emily_dtype_size(type->dtype));
    if (format) assert_true(format->block == type->block && format->size == type->size && !strcmp(format->name, type->name));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(q4_0), cmocka_unit_test(q8_0), cmocka_unit_test(the_table)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
