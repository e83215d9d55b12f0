/* rewriting.c: see rewriting.h. */
#include "cli/rewriting.h"

#include "cli/message.h"
#include "cli/output.h"
#include "cli/sizes.h"

#include <signal.h>
#include <string.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number) {
  (void)signal_number;
  interrupted = 1;
}

void cli_rewriting_begin(cli_rewriting *rewriting, const char *label, bool report) {
  struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESETHAND | SA_RESTART};
  *rewriting = (cli_rewriting){.report = report};
  cli_progress_begin(&rewriting->progress, label, 1);
  sigaction(SIGINT, &action, NULL);
}

static void print_entry(const emily_rewrite_tensor *t) {
  cli_out_visible(t->name, strlen(t->name));
  if (t->mode) cli_outf("  %s, %lld bits, groups of %lld", t->mode, (long long)t->bits, (long long)t->group_size);
  else if (t->from == t->to) cli_outf("  %s", emily_dtype_name(t->to));
  else cli_outf("  %s to %s", t->from < 0 ? "packed" : emily_dtype_name(t->from), emily_dtype_name(t->to));
  cli_outf("  %s to %s", cli_bytes_text(t->bytes_before), cli_bytes_text(t->bytes_after));
  if (t->error >= 0) cli_outf("  error %.4f", t->error);
  if (t->kept) cli_outf("  kept: %s", t->kept);
  cli_out("\n");
}

static void print_kept(const emily_rewrite_tensor *t) {
  cli_out("kept as it is: ");
  cli_out_visible(t->name, strlen(t->name));
  cli_outf(" (%s)\n", t->kept);
}

/* Whether a number of one dtype may change in the other. */
static bool narrows(emily_dtype from, emily_dtype to) {
  if (from < 0) return to != EMILY_FLOAT32; /* packed: scales times codes */
  if (from == to || !emily_dtype_is_float(from) || !emily_dtype_is_float(to)) return false;
  return emily_promote_types(from, to) != to;
}

bool cli_rewriting_each(void *context, const emily_rewrite_tensor *t) {
  cli_rewriting *r = context;
  r->rounded = r->rounded || (!t->mode && narrows(t->from, t->to));
  r->kept += t->kept != NULL;
  if (r->report || t->kept) cli_progress_end(&r->progress);
  if (r->report) print_entry(t);
  else if (t->kept) print_kept(t);
  r->progress.total = t->total;
  cli_progress_set(&r->progress, t->done);
  return !interrupted;
}

static void print_totals(const cli_rewriting *r, const emily_rewrite_totals *t, const char *out) {
  const char *what = out ? "wrote" : "would write";
  cli_outf("%s %s%s%zu file%s, %s", what, out ? out : "", out ? ": " : "", t->files, t->files == 1 ? "" : "s", cli_bytes_text(t->bytes_after));
  cli_outf(" from %s", cli_bytes_text(t->bytes_before));
  if (t->packed) {
    cli_outf("; %zu of %zu entries packed", t->packed, t->tensors);
    if (t->parameters) cli_outf(", %.2f bits a number", 8 * (double)t->bytes_after / (double)t->parameters);
  } else {
    cli_outf(r->rounded ? "; numbers are rounded" : "; no number changes");
  }
  cli_out("\n");
}

int cli_rewriting_end(cli_rewriting *r, emily_status status, const emily_rewrite_totals *totals, const char *out) {
  cli_progress_end(&r->progress);
  if (status == EMILY_CANCELLED) return CLI_INTERRUPTED;
  if (status) return cli_library_error();
  print_totals(r, totals, out);
  return CLI_OK;
}

bool cli_rewriting_dtype(const char *command, const char *text, emily_dtype *out) {
  *out = -1;
  if (!text) return true;
  if (!emily_dtype_from_name(text, out) && (*out == EMILY_FLOAT32 || *out == EMILY_FLOAT16 || *out == EMILY_BFLOAT16)) return true;
  cli_note("%s: --dtype must be f32, f16 or bf16, and is \"%s\"", command, text);
  return false;
}

uint64_t cli_rewriting_shard(int64_t megabytes) { return (uint64_t)megabytes * 1000000u; }
