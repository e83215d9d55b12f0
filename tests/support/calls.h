/* calls.h: calls of any op of the table, for tests that go through all of them. */
#ifndef EMILY_TESTS_SUPPORT_CALLS_H
#define EMILY_TESTS_SUPPORT_CALLS_H

#include "support/arrays.h"

#include "emily/call.h"

enum { TEST_CALL_ARGS = 16, TEST_CALL_LIST = 8, TEST_CALL_RESULTS = 64 };

typedef struct test_call {
  const emily_op_info *info;
  emily_array *operands[TEST_CALL_ARGS];
  size_t operand_count;
  emily_attr attrs[TEST_CALL_ARGS];
  size_t attr_count;
  int64_t ints[TEST_CALL_ARGS][TEST_CALL_LIST];
} test_call;

/* Call the op. Results go to out[TEST_CALL_RESULTS]. */
emily_status test_call_run(emily_scope *s, test_call *c, emily_array **out, size_t *count);

/* Run and evaluate, unless a result is too big to be of use. A failure must carry a message. */
void test_call_look(emily_scope *s, test_call *c);

/* Zeros of one shape and dtype for every operand (two for a list, none for the optional ones), small numbers for the attributes
 * that have no default. Many ops refuse this. */
void test_call_usual(emily_scope *s, test_call *c, const int64_t *shape, int32_t ndim, emily_dtype dtype);

/* What ops take: operands that suit each other, n by n where the op does not say otherwise. False: the op has none of the dtypes that are
 * tried, which fails the scope. */
bool test_call_sound(emily_scope *s, test_call *c, int64_t n);

/* Evaluate all results and put their bytes one after the other (freed by the caller); NULL where the evaluation fails. */
void *test_call_bytes(emily_array **out, size_t count, size_t *size);

#endif
