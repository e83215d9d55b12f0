/* ranking.c: see ranking.h. A sorted list: there are few hits, and most passages are turned away by the first
 * comparison. */
#include "cli/ranking.h"

#include "base/status.h"

emily_status cli_ranking_add(cli_ranking *ranking, double score, uint64_t line, const char *text, size_t length) {
  size_t count = ranking->hits.count;
  if (!ranking->most || (count == ranking->most && !(score > ranking->hits.data[count - 1].score))) return EMILY_OK;
  cli_hit hit = {score, line, emily__strndup(text, length), length};
  if (!hit.text) return EMILY_OUT_OF_MEMORY;
  if (count == ranking->most) {
    emily__free(ranking->hits.data[--ranking->hits.count].text);
  }
  if (!emily__vec_push(&ranking->hits, hit)) return emily__free(hit.text), EMILY_OUT_OF_MEMORY;
  cli_hit *hits = ranking->hits.data;
  for (size_t i = ranking->hits.count - 1; i > 0 && hits[i].score > hits[i - 1].score; i--) {
    cli_hit worse = hits[i - 1];
    hits[i - 1] = hits[i];
    hits[i] = worse;
  }
  return EMILY_OK;
}

void cli_ranking_free(cli_ranking *ranking) {
  for (size_t i = 0; i < ranking->hits.count; i++) emily__free(ranking->hits.data[i].text);
  emily__vec_free(&ranking->hits);
}
