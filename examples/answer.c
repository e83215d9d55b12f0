/* answer.c: the part of a text that answers a question.
 *
 *     answer MODEL QUESTION CONTEXT
 */
#include <emily/answer.h>

#include <stdio.h>

int main(int argc, char **argv) {
  if (argc != 4) return fprintf(stderr, "usage: answer MODEL QUESTION CONTEXT\n"), 2;
  const char *question = argv[2], *context = argv[3];
  emily_answerer *answerer = NULL;
  emily_answers *answers = NULL;
  emily_status status = emily_answerer_load(argv[1], NULL, &answerer);
  if (!status) status = emily_answer(answerer, &question, NULL, &context, NULL, 1, NULL, &answers);
  if (status) fprintf(stderr, "%s\n", emily_last_error()->message);
  const emily_answer_span *best = status ? NULL : emily_answers_at(answers, 0, 0);
  if (best) printf("%.3f %s (characters %lld to %lld)\n", best->score, best->text, (long long)best->start, (long long)best->end);
  emily_answers_free(answers);
  emily_answerer_release(answerer);
  return !best;
}
