/* test_create.c: iota, and random bits against what MLX 0.32.4 gives (mlx::core::random::bits with
 * mlx::core::random::key). */
#include "support/tensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static int teardown(void **state) {
  (void)state;
  tensors_free();
  return 0;
}

static void iota_of_every_dtype(void **state) {
  (void)state;
  for (emily_dtype dtype = EMILY_UINT8; dtype < EMILY__COMPUTE_DTYPES; dtype++) {
    emily__attrs_iota attrs = {dtype, 9, 2.5, -0.25, 250, 3};
    emily__tensor *out = tensor_new(dtype, DIMS(9));
    assert_int_equal(tensor_run(EMILY__PRIM_iota, &attrs, out, 0, NULL), EMILY_OK);
    for (int i = 0; i < 9; i++) {
      int64_t expected = 250 + 3 * i;
      if (dtype == EMILY_UINT8) expected = (uint8_t)expected;
      if (dtype == EMILY_INT8) expected = (int8_t)expected;
      if (emily_dtype_is_integer(dtype)) assert_int_equal(tensor_get_int(out, i), expected);
      else assert_true(tensor_get(out, i) == 2.5 - 0.25 * i && tensor_get_imag(out, i) == 0);
    }
  }
}

/* start + i · step in float64: no error piles up, and int64 is exact past 2^53. */
static void iota_does_not_drift(void **state) {
  (void)state;
  emily__attrs_iota floats = {EMILY_FLOAT32, 100001, 0, 0.1, 0, 0};
  emily__attrs_iota integers = {EMILY_INT64, 3, 0, 0, ((int64_t)1 << 53) + 1, 1};
  emily__tensor *x = tensor_new(EMILY_FLOAT32, DIMS(100001)), *n = tensor_new(EMILY_INT64, DIMS(3));
  assert_int_equal(tensor_run(EMILY__PRIM_iota, &floats, x, 0, NULL), EMILY_OK);
  assert_int_equal(tensor_run(EMILY__PRIM_iota, &integers, n, 0, NULL), EMILY_OK);
  assert_true(tensor_get(x, 100000) == 10000);
  for (int i = 0; i < 3; i++) assert_int_equal(tensor_get_int(n, i), ((int64_t)1 << 53) + 1 + i);
  emily__attrs_iota none = {EMILY_INT32, 0, 0, 0, 0, 1};
  assert_int_equal(tensor_run(EMILY__PRIM_iota, &none, tensor_new(EMILY_INT32, DIMS(0)), 0, NULL), EMILY_OK);
}

static emily__tensor *key_of(uint64_t seed) {
  emily__tensor *key = tensor_new(EMILY_UINT32, DIMS(2));
  tensor_set_int(key, 0, (int64_t)(seed >> 32));
  tensor_set_int(key, 1, (int64_t)(seed & UINT32_MAX));
  return key;
}

static emily__tensor *bits(const emily__tensor *keys, int64_t width, int64_t n) {
  struct {
    int64_t width, count, shape[1];
  } attrs = {width, 1, {n}};
  int64_t shape[EMILY__MAX_RANK];
  for (int i = 0; i < keys->ndim - 1; i++) shape[i] = keys->shape[i];
  shape[keys->ndim - 1] = n;
  emily__tensor *out = tensor_new(width == 1   ? EMILY_UINT8
                                  : width == 2 ? EMILY_UINT16
                                               : EMILY_UINT32,
                                  keys->ndim, shape);
  assert_int_equal(tensor_run(EMILY__PRIM_random_bits, &attrs, out, INPUTS(keys)), EMILY_OK);
  return out;
}

/* seed 7: few elements, in full */
static const struct {
  int width, n;
  unsigned char bytes[24];
} few[] = {
    {1, 1, {0x8b}},
    {1, 3, {0x8b, 0x64, 0x17}},
    {1, 5, {0xbf, 0x28, 0xa0, 0x0b, 0xbf}},
    {1, 6, {0xbf, 0x28, 0xa0, 0x0b, 0xbf, 0x56}},
    {2, 1, {0x8b, 0x64}},
    {2, 3, {0xbf, 0x28, 0xa0, 0x0b, 0xbf, 0x56}},
    {2, 5, {0xa9, 0x97, 0x98, 0x39, 0x48, 0xd9, 0x18, 0x6d, 0x03, 0xbe}},
    {2, 6, {0xa9, 0x97, 0x98, 0x39, 0x48, 0xd9, 0x18, 0x6d, 0x03, 0xbe, 0x1f, 0x74}},
    {4, 1, {0x8b, 0x64, 0x17, 0xd8}},
    {4, 3, {0xa9, 0x97, 0x98, 0x39, 0x48, 0xd9, 0x18, 0x6d, 0x03, 0xbe, 0x1f, 0x74}},
    {4, 5, {0x34, 0x93, 0x7b, 0x10, 0x31, 0x94, 0x60, 0x33, 0x6e, 0x7f,
            0x84, 0xa6, 0x04, 0xd6, 0xdc, 0x61, 0x7e, 0x29, 0xe8, 0xac}},
    {4, 6, {0x34, 0x93, 0x7b, 0x10, 0x31, 0x94, 0x60, 0x33, 0x42, 0x9c, 0x97, 0x71,
            0x04, 0xd6, 0xdc, 0x61, 0x7e, 0x29, 0xe8, 0xac, 0xac, 0xb5, 0x9b, 0x53}},
};

/* many elements, as the FNV-1a hash of their bytes */
static const struct {
  uint64_t seed;
  int width, n;
  uint64_t hash;
} many[] = {
    {0u, 1, 1, 0xaf64144c86024bb4u},
    {0u, 1, 2, 0x095a3307b5e6a48fu},
    {0u, 1, 3, 0xcae9651a16e9d55du},
    {0u, 1, 5, 0x43b701edc93e4b90u},
    {0u, 1, 6, 0x4e43cc0cf4da52ffu},
    {0u, 1, 7, 0xd785de040ef9932cu},
    {0u, 1, 31, 0xd0a2de47dddf0cc5u},
    {0u, 1, 101, 0x3bb8c66ace190eeau},
    {0u, 1, 4097, 0x835a818640315933u},
    {0u, 1, 20001, 0xce8a5c38e5b9d6a2u},
    {0u, 2, 1, 0x095a3307b5e6a48fu},
    {0u, 2, 2, 0xb46c0154ef554ac2u},
    {0u, 2, 3, 0x4e43cc0cf4da52ffu},
    {0u, 2, 5, 0x1010fea88bd517c6u},
    {0u, 2, 6, 0xd0aaa6a688c6874eu},
    {0u, 2, 7, 0x7201a10f317beb6du},
    {0u, 2, 31, 0x6de41a4805b6a154u},
    {0u, 2, 101, 0x5fc504588af129dfu},
    {0u, 2, 4097, 0xc1a4d3e981161936u},
    {0u, 2, 20001, 0x00839dd31e032a7fu},
    {0u, 4, 1, 0xb46c0154ef554ac2u},
    {0u, 4, 2, 0x320c21e572164753u},
    {0u, 4, 3, 0xd0aaa6a688c6874eu},
    {0u, 4, 5, 0xe48c211d753687dbu},
    {0u, 4, 6, 0xd7d901488d32118cu},
    {0u, 4, 7, 0x9b9afafc97e45c2eu},
    {0u, 4, 31, 0xdc84cdf0dc53a70du},
    {0u, 4, 101, 0x19222b879745ff15u},
    {0u, 4, 4097, 0x393ae0f3d704dcd0u},
    {0u, 4, 20001, 0x06120c9bdbfea53fu},
    {123456789u, 1, 1, 0xaf641b4c86025799u},
    {123456789u, 1, 2, 0x0971e807b5fab6ffu},
    {123456789u, 1, 3, 0x07440b1a39049272u},
    {123456789u, 1, 5, 0x1648d03183e1e21eu},
    {123456789u, 1, 6, 0xbf9c742318d43110u},
    {123456789u, 1, 7, 0x6b0b32a33090b721u},
    {123456789u, 1, 31, 0x11c32527b290a487u},
    {123456789u, 1, 101, 0x2a37f8aafd05f695u},
    {123456789u, 1, 4097, 0x2f490b90ea24ecbeu},
    {123456789u, 1, 20001, 0xd98abea06f576d36u},
    {123456789u, 2, 1, 0x0971e807b5fab6ffu},
    {123456789u, 2, 2, 0x5d31518ee2c4db1cu},
    {123456789u, 2, 3, 0xbf9c742318d43110u},
    {123456789u, 2, 5, 0x899a5fe3a5cb73b3u},
    {123456789u, 2, 6, 0x15605e0fda944acfu},
    {123456789u, 2, 7, 0x366ada03f4196183u},
    {123456789u, 2, 31, 0xd161202866e867c2u},
    {123456789u, 2, 101, 0xa58e9ece8537f5bcu},
    {123456789u, 2, 4097, 0xf09745419565a0f8u},
    {123456789u, 2, 20001, 0x5aef801f4c2a43a3u},
    {123456789u, 4, 1, 0x5d31518ee2c4db1cu},
    {123456789u, 4, 2, 0x74be3a4b85e744ddu},
    {123456789u, 4, 3, 0x15605e0fda944acfu},
    {123456789u, 4, 5, 0x7700816c271f8719u},
    {123456789u, 4, 6, 0x0b125fa6ed3f7bdeu},
    {123456789u, 4, 7, 0x54dadcbd986746e0u},
    {123456789u, 4, 31, 0xd8a75ef756ffffbeu},
    {123456789u, 4, 101, 0x65291c1c9133c379u},
    {123456789u, 4, 4097, 0x55b52546c8a3f0deu},
    {123456789u, 4, 20001, 0x900617e37101b561u},
    {9223372036854775813u, 1, 1, 0xaf64834c86030851u},
    {9223372036854775813u, 1, 2, 0x0ad35307b726f728u},
    {9223372036854775813u, 1, 3, 0x8c0d6e1c37364a88u},
    {9223372036854775813u, 1, 5, 0xbf5ee6458445e40bu},
    {9223372036854775813u, 1, 6, 0x74256e1fc2c2ac92u},
    {9223372036854775813u, 1, 7, 0x1e4679f7f0cadceeu},
    {9223372036854775813u, 1, 31, 0x883becc1a3a79cd5u},
    {9223372036854775813u, 1, 101, 0x234c3b2ab25ebcf4u},
    {9223372036854775813u, 1, 4097, 0x72d846168c7caa2fu},
    {9223372036854775813u, 1, 20001, 0x0ce915cd9541f952u},
    {9223372036854775813u, 2, 1, 0x0ad35307b726f728u},
    {9223372036854775813u, 2, 2, 0x311c8af1d1407e03u},
    {9223372036854775813u, 2, 3, 0x74256e1fc2c2ac92u},
    {9223372036854775813u, 2, 5, 0xccbe10853bfa5e8du},
    {9223372036854775813u, 2, 6, 0x51a07c7a5a2f7c97u},
    {9223372036854775813u, 2, 7, 0x5e982a95ec97af99u},
    {9223372036854775813u, 2, 31, 0x7aec05fdb6efcb6bu},
    {9223372036854775813u, 2, 101, 0xdd8439a2ec806363u},
    {9223372036854775813u, 2, 4097, 0x8c57e0fe417f0918u},
    {9223372036854775813u, 2, 20001, 0x783b4e264678f352u},
    {9223372036854775813u, 4, 1, 0x311c8af1d1407e03u},
    {9223372036854775813u, 4, 2, 0x3c9e114e28b53723u},
    {9223372036854775813u, 4, 3, 0x51a07c7a5a2f7c97u},
    {9223372036854775813u, 4, 5, 0x0be5d7c34d74ceb3u},
    {9223372036854775813u, 4, 6, 0xfac8e030a367ead5u},
    {9223372036854775813u, 4, 7, 0x09c7d13fda591fafu},
    {9223372036854775813u, 4, 31, 0x2f1ea054b6b2d5d8u},
    {9223372036854775813u, 4, 101, 0x4053b92fb36773e9u},
    {9223372036854775813u, 4, 4097, 0x035317e4046bda25u},
    {9223372036854775813u, 4, 20001, 0xbbe307f2de0d3e01u},
};

static uint64_t fnv1a(const unsigned char *bytes, size_t n) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < n; i++) hash = (hash ^ bytes[i]) * 0x100000001b3u;
  return hash;
}

static void random_bits_are_mlx_s(void **state) {
  (void)state;
  for (size_t k = 0; k < sizeof few / sizeof few[0]; k++)
    assert_memory_equal(bits(key_of(7), few[k].width, few[k].n)->data, few[k].bytes,
                        (size_t)(few[k].width * few[k].n));
  for (size_t k = 0; k < sizeof many / sizeof many[0]; k++) {
    emily__tensor *out = bits(key_of(many[k].seed), many[k].width, many[k].n);
    assert_true(fnv1a(out->data, (size_t)(many[k].width * many[k].n)) == many[k].hash);
  }
}

static void a_batch_of_keys_is_each_key_alone(void **state) {
  (void)state;
  for (int layout = 0; layout < LAYOUT_COUNT; layout++)
    for (int64_t width = 1; width <= 4; width *= 2)
      for (int64_t n = 1; n < 12; n++) {
        emily__tensor *keys = tensor_new(EMILY_UINT32, DIMS(2, 3, 2));
        for (int64_t i = 0; i < 12; i++) tensor_set_int(keys, i, (int64_t)(uint32_t)tensor_bits());
        emily__tensor *out = bits(tensor_laid_out(keys, layout), width, n);
        for (int64_t k = 0; k < 6; k++) {
          emily__tensor *alone = bits(tensor_view(keys, 2 * k, DIMS(2), (int64_t[]){1}), width, n);
          assert_memory_equal(tensor_at(out, k * n), alone->data, (size_t)(width * n));
        }
      }
}

static void no_bits_are_asked_for(void **state) {
  (void)state;
  assert_int_equal(bits(key_of(1), 4, 0)->size, 0);
  assert_int_equal(bits(tensor_new(EMILY_UINT32, DIMS(0, 2)), 4, 3)->size, 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_teardown(name, teardown)
  const struct CMUnitTest tests[] = {
      TEST(iota_of_every_dtype),   TEST(iota_does_not_drift),
      TEST(random_bits_are_mlx_s), TEST(a_batch_of_keys_is_each_key_alone),
      TEST(no_bits_are_asked_for),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
