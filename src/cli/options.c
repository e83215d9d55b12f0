/* options.c: see options.h. */
#include "cli/options.h"

#include "cli/message.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 64 };

bool cli_parse_int(const char *text, int64_t *out) {
  char *end;
  if (!*text || strspn(text, "+-0123456789") != strlen(text)) return false;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  if (*end || errno) return false;
  *out = value;
  return true;
}

bool cli_parse_real(const char *text, double *out) {
  char *end;
  if (!*text || strspn(text, "+-.eE0123456789") != strlen(text)) return false;
  double value = strtod(text, &end);
  if (*end || !isfinite(value)) return false;
  *out = value;
  return true;
}

static size_t commas(const char *text) {
  size_t count = 0;
  while ((text = strchr(text, ','))) text++, count++;
  return count;
}

bool cli_parse_ints(const char *text, int64_t **out, size_t *count) {
  size_t n = *text ? commas(text) + 1 : 0;
  int64_t *values = malloc((n ? n : 1) * sizeof *values);
  char *copy = strdup(text), *rest = copy;
  bool good = values && copy;
  for (size_t i = 0; good && i < n; i++) good = cli_parse_int(strsep(&rest, ","), &values[i]);
  free(copy);
  if (!good) return free(values), false;
  *out = values;
  *count = n;
  return true;
}

typedef struct parser {
  const cli_command *command;
  void *settings;
  cli_call *call;
  char **argv;
  int argc, at;
} parser;

static int usage(const parser *p, const char *problem) {
  return cli_error(CLI_USAGE, "%s: %s ('emily %s --help' tells more)", p->command->name, problem, p->command->name);
}

static int bad_value(const parser *p, const cli_option *option, const char *value, const char *wanted) {
  char text[512];
  snprintf(text, sizeof text, "--%s takes %s, and '%.200s' is not", option->name, wanted, value);
  return usage(p, text);
}

static int out_of_range(const parser *p, const cli_option *option, const char *value) {
  char wanted[96];
  if (isinf(option->most)) snprintf(wanted, sizeof wanted, "a number from %.15g on", option->least);
  else snprintf(wanted, sizeof wanted, "a number from %.15g to %.15g", option->least, option->most);
  return bad_value(p, option, value, wanted);
}

static int set_int(const parser *p, const cli_option *option, cli_int *member, const char *value, bool given) {
  int64_t number;
  if (!cli_parse_int(value, &number)) return bad_value(p, option, value, "a whole number");
  if ((double)number < option->least || (double)number > option->most) return out_of_range(p, option, value);
  *member = (cli_int){given, number};
  return CLI_OK;
}

static int set_real(const parser *p, const cli_option *option, cli_real *member, const char *value, bool given) {
  double number;
  if (!cli_parse_real(value, &number)) return bad_value(p, option, value, "a number");
  if (number < option->least || number > option->most) return out_of_range(p, option, value);
  *member = (cli_real){given, number};
  return CLI_OK;
}

static int add_text(cli_texts *member, const char *value) {
  const char **moved = realloc(member->items, (member->count + 1) * sizeof *moved);
  if (!moved) return cli_error(CLI_FAILED, "out of memory");
  member->items = moved;
  member->items[member->count++] = value;
  return CLI_OK;
}

static int set_value(const parser *p, const cli_option *option, void *base, const char *value, bool given) {
  void *member = (char *)base + option->offset;
  switch (option->kind) {
    case CLI_FLAG: *(bool *)member = true; return CLI_OK;
    case CLI_INT: return set_int(p, option, member, value, given);
    case CLI_REAL: return set_real(p, option, member, value, given);
    case CLI_TEXT: *(const char **)member = value; return CLI_OK;
    default: return add_text(member, value);
  }
}

static int set_presets(const parser *p, const cli_option *options, size_t count, void *base) {
  for (size_t i = 0; i < count; i++) {
    if (!options[i].preset) continue;
    int code = set_value(p, &options[i], base, options[i].preset, false);
    if (code) return code;
  }
  return CLI_OK;
}

/* The option of a name (or, for name NULL, of a letter), and the struct that it sets. */
static const cli_option *find(const parser *p, const char *name, size_t length, char letter, void **base) {
  const cli_option *tables[] = {p->command->options, cli_common_options};
  const size_t counts[] = {p->command->option_count, cli_common_option_count};
  void *bases[] = {p->settings, &p->call->common};
  for (int t = 0; t < 2; t++) {
    for (size_t i = 0; i < counts[t]; i++) {
      const cli_option *option = &tables[t][i];
      bool hit =
          name ? strlen(option->name) == length && !strncmp(option->name, name, length) : option->letter == letter;
      if (hit) return *base = bases[t], option;
    }
  }
  return NULL;
}

static int unknown(const parser *p, const char *word, const char *name) {
  const char *names[OPTIONS_MAX];
  size_t count = 0;
  char text[512];
  for (size_t i = 0; i < p->command->option_count && count < OPTIONS_MAX; i++)
    names[count++] = p->command->options[i].name;
  for (size_t i = 0; i < cli_common_option_count && count < OPTIONS_MAX; i++)
    names[count++] = cli_common_options[i].name;
  const char *nearest = name ? cli_nearest(name, names, count) : NULL;
  if (nearest) snprintf(text, sizeof text, "unknown option '%.200s': did you mean '--%s'?", word, nearest);
  else snprintf(text, sizeof text, "unknown option '%.200s': put '--' before operands that begin with '-'", word);
  return usage(p, text);
}

static int take_option(parser *p, const cli_option *option, void *base, const char *attached) {
  char text[256];
  if (option->kind == CLI_FLAG && attached) {
    snprintf(text, sizeof text, "--%s takes no value", option->name);
    return usage(p, text);
  }
  if (option->kind != CLI_FLAG && !attached) {
    if (p->at + 1 >= p->argc) {
      snprintf(text, sizeof text, "--%s needs a value (%s)", option->name, option->argument);
      return usage(p, text);
    }
    attached = p->argv[++p->at];
  }
  return set_value(p, option, base, attached, true);
}

static int take_long(parser *p, const char *word) {
  char name[64];
  void *base;
  const char *equals = strchrnul(word, '=');
  size_t length = (size_t)(equals - word) - 2;
  const cli_option *option = find(p, word + 2, length, 0, &base);
  if (option) return take_option(p, option, base, *equals ? equals + 1 : NULL);
  snprintf(name, sizeof name, "%.*s", (int)(length < 60 ? length : 60), word + 2);
  return unknown(p, word, name);
}

static int take_short(parser *p, const char *word) {
  void *base;
  const cli_option *option = word[1] ? find(p, NULL, 0, word[1], &base) : NULL;
  if (!option || (option->kind == CLI_FLAG && word[2])) return unknown(p, word, option ? NULL : word + 1);
  return take_option(p, option, base, word[2] ? word + 2 : NULL);
}

static int take_word(parser *p, bool *ended) {
  const char *word = p->argv[p->at];
  if (*ended || word[0] != '-' || !word[1]) {
    p->call->operands[p->call->operand_count++] = word;
    return CLI_OK;
  }
  if (!strcmp(word, "--")) return *ended = true, CLI_OK;
  return word[1] == '-' ? take_long(p, word) : take_short(p, word);
}

static int check_operands(const parser *p) {
  size_t count = p->call->operand_count;
  char text[512];
  if (count < p->command->least_operands)
    snprintf(text, sizeof text, "too little was given: emily %s %s", p->command->name, p->command->synopsis);
  else if (count > p->command->most_operands)
    snprintf(text, sizeof text, "'%.200s' is one operand too many: emily %s %s",
             p->call->operands[p->command->most_operands], p->command->name, p->command->synopsis);
  else return CLI_OK;
  return usage(p, text);
}

int cli_options_parse(const cli_command *command, int argc, char **argv, void *settings, cli_call *call) {
  parser p = {command, settings, call, argv, argc, 0};
  bool ended = false;
  *call = (cli_call){.settings = settings, .operands = calloc((size_t)argc + 1, sizeof(char *))};
  if (!call->operands) return cli_error(CLI_FAILED, "out of memory");
  int code = set_presets(&p, command->options, command->option_count, settings);
  if (!code) code = set_presets(&p, cli_common_options, cli_common_option_count, &call->common);
  for (; !code && p.at < argc && !call->common.help; p.at++) code = take_word(&p, &ended);
  return code || call->common.help ? code : check_operands(&p);
}

void cli_options_free(const cli_command *command, void *settings, cli_call *call) {
  for (size_t i = 0; i < command->option_count; i++)
    if (command->options[i].kind == CLI_TEXTS)
      free(((cli_texts *)(void *)((char *)settings + command->options[i].offset))->items);
  free(call->operands);
}
