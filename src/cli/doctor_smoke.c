/* doctor_smoke.c: a matrix product of small whole numbers (exact in float32, whatever the order of the sums) and the
 * softmax of a row, against values computed here in plain double. Sizes leave tails after every vector width. */
#include "cli/doctor_smoke.h"

#include "emily/ops.h"

#include <math.h>
#include <stdio.h>

enum { M = 5, K = 67, N = 35 };

static float left(int i, int k) { return (float)((i * 7 + k * 3) % 11 - 5); }
static float right(int k, int j) { return (float)((k * 5 + j) % 13 - 6); }

static double product(int i, int j) {
  double sum = 0;
  for (int k = 0; k < K; k++) sum += (double)left(i, k) * (double)right(k, j);
  return sum;
}

static void say(cli_smoke *out, const char *op, int at, double got, double wanted) {
  snprintf(out->message, sizeof out->message, "%s gives %.9g at %d where %.9g is right", op, got, at, wanted);
  out->failed = true;
}

static void check_product(cli_smoke *out, const float *got) {
  for (int at = 0; at < M * N && !out->failed; at++)
    if ((double)got[at] != product(at / N, at % N)) say(out, "matmul", at, (double)got[at], product(at / N, at % N));
}

/* Float32's rounding of exp, sum and quotient: a few parts in 10^7. */
static void check_softmax(cli_smoke *out, const float *got) {
  double sum = 0;
  for (int j = 0; j < N; j++) sum += exp((double)right(0, j));
  for (int j = 0; j < N && !out->failed; j++) {
    double wanted = exp((double)right(0, j)) / sum;
    if (!(fabs((double)got[j] - wanted) <= 2e-6 * wanted)) say(out, "softmax", j, (double)got[j], wanted);
  }
}

static emily_status compute(float *matmul, float *softmax) {
  float a[M * K], b[K * N];
  for (int at = 0; at < M * K; at++) a[at] = left(at / K, at % K);
  for (int at = 0; at < K * N; at++) b[at] = right(at / N, at % N);
  emily_scope *s = emily_scope_open(NULL);
  emily_array *x = emily_scope_adopt(s, emily_array_from_data(a, (int64_t[]){M, K}, 2, EMILY_FLOAT32));
  emily_array *y = emily_scope_adopt(s, emily_array_from_data(b, (int64_t[]){K, N}, 2, EMILY_FLOAT32));
  emily_array *row = emily_scope_adopt(s, emily_array_from_data(b, (int64_t[]){N}, 1, EMILY_FLOAT32));
  emily_array *z = emily_scope_keep(s, emily_matmul(s, x, y));
  emily_array *p = emily_scope_keep(s, emily_softmax(s, row, (int64_t[]){-1}, 1, false));
  emily_status status = emily_scope_close(s);
  if (!status) status = emily_array_read(z, matmul, M * N * sizeof *matmul);
  if (!status) status = emily_array_read(p, softmax, N * sizeof *softmax);
  emily_array_release(z);
  emily_array_release(p);
  return status;
}

void cli_smoke_run(cli_smoke *out) {
  float matmul[M * N], softmax[N];
  *out = (cli_smoke){0};
  if (compute(matmul, softmax)) {
    snprintf(out->message, sizeof out->message, "%.500s", emily_last_error()->message);
    out->failed = true;
    return;
  }
  check_product(out, matmul);
  check_softmax(out, softmax);
  out->passed = !out->failed;
}
