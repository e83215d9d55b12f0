/* ranking.h: the best few of many passages, with copies of their texts. */
#ifndef EMILY_CLI_RANKING_H
#define EMILY_CLI_RANKING_H

#include "base/vec.h"
#include "emily/base.h"

typedef struct cli_hit {
  double score;
  uint64_t line;
  char *text; /* the ranking's */
  size_t length;
} cli_hit;

/* Best first; of equal scores, the earlier line. */
typedef struct cli_ranking {
  size_t most;
  EMILY__VEC(cli_hit) hits;
} cli_ranking;

emily_status cli_ranking_add(cli_ranking *ranking, double score, uint64_t line, const char *text, size_t length);
void cli_ranking_free(cli_ranking *ranking);

#endif
