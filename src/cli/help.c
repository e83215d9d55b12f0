/* help.c: see help.h. Lines are wrapped at 79 columns; option texts begin at column 27. */
#include "cli/help.h"

#include "cli/json_out.h"
#include "cli/output.h"

#include <string.h>

enum { WIDTH = 79, TEXT_COLUMN = 27 };

void cli_help_overview(FILE *file) {
  fputs(
      "Usage: emily COMMAND [OPTIONS] [--] [OPERANDS]\n\n"
      "Runs transformer models from folders in Hugging Face layout.\n\nCommands:\n",
      file);
  for (size_t i = 0; i < cli_command_count; i++)
    fprintf(file, "  %-12s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
  fputs(
      "\n'emily COMMAND --help' tells options and examples. JSON goes to standard output,\n"
      "one object a line; messages go to standard error.\n\n"
      "Exit codes: 0 done; 1 failed; 2 wrong usage; 3 not found or not readable;\n"
      "4 a file breaks its format; 5 not supported; 130 interrupted; 141 the reader of\n"
      "standard output went away.\n\n"
      "Environment: EMILY_CPU=plain|avx2|avx512 caps the instructions in use; NO_COLOR\n"
      "switches colour off.\n",
      file);
}

/* Words from `column` on, wrapped; the line is ended. */
static void put_wrapped(const char *text, int column) {
  int at = column;
  while (*text) {
    int length = (int)strcspn(text, " ");
    if (at > column && at + 1 + length > WIDTH) {
      cli_outf("\n%*s", column, "");
      at = column;
    }
    if (at > column) cli_out(" "), at++;
    cli_outf("%.*s", length, text);
    at += length;
    text += length;
    text += strspn(text, " ");
  }
  cli_out("\n");
}

static void put_option(const cli_option *option) {
  char head[96], letter[8] = "    ", text[512];
  if (option->letter) snprintf(letter, sizeof letter, "-%c, ", option->letter);
  snprintf(head, sizeof head, "  %s--%s%s%s", letter, option->name, option->argument ? " " : "",
           option->argument ? option->argument : "");
  if (strlen(head) + 2 > TEXT_COLUMN) cli_outf("%s\n%*s", head, TEXT_COLUMN, "");
  else cli_outf("%-*s", TEXT_COLUMN, head);
  snprintf(text, sizeof text, "%s%s%s%s", option->help, option->preset ? " (default: " : "",
           option->preset ? option->preset : "", option->preset ? ")" : "");
  put_wrapped(text, TEXT_COLUMN);
}

void cli_help_of(const cli_command *command) {
  cli_outf("Usage: emily %s [OPTIONS] %s\n\n%s.\n\n%s\nOptions:\n", command->name, command->synopsis,
           command->summary, command->details);
  for (size_t i = 0; i < command->option_count; i++) put_option(&command->options[i]);
  for (size_t i = 0; i < cli_common_option_count; i++) put_option(&cli_common_options[i]);
  cli_out("\nExamples:\n");
  for (const char *const *example = command->examples; *example; example++) cli_outf("  %s\n", *example);
}

static void put_option_json(cli_json *json, const cli_option *option) {
  static const char *const kinds[] = {
      [CLI_FLAG] = "flag", [CLI_INT] = "int", [CLI_REAL] = "real", [CLI_TEXT] = "text", [CLI_TEXTS] = "texts"};
  char letter[2] = {option->letter, 0};
  bool number = option->kind == CLI_INT || option->kind == CLI_REAL;
  cli_json_begin(json, '{');
  cli_json_put_text(json, "name", option->name);
  cli_json_put_text(json, "letter", option->letter ? letter : NULL);
  cli_json_put_text(json, "kind", kinds[option->kind]);
  cli_json_put_text(json, "argument", option->argument);
  cli_json_put_text(json, "default", option->preset);
  if (number) {
    cli_json_put_real(json, "least", option->least);
    cli_json_put_real(json, "most", option->most); /* null: no bound */
  }
  cli_json_put_text(json, "help", option->help);
  cli_json_end(json, '}');
}

static void put_command_json(const cli_command *command) {
  cli_json json = {0};
  cli_json_begin(&json, '{');
  cli_json_put_text(&json, "command", command->name);
  cli_json_put_text(&json, "synopsis", command->synopsis);
  cli_json_put_text(&json, "summary", command->summary);
  cli_json_put_text(&json, "details", command->details);
  cli_json_key(&json, "options");
  cli_json_begin(&json, '[');
  for (size_t i = 0; i < command->option_count; i++) put_option_json(&json, &command->options[i]);
  for (size_t i = 0; i < cli_common_option_count; i++) put_option_json(&json, &cli_common_options[i]);
  cli_json_end(&json, ']');
  cli_json_key(&json, "examples");
  cli_json_begin(&json, '[');
  for (const char *const *example = command->examples; *example; example++) cli_json_text(&json, *example);
  cli_json_end(&json, ']');
  cli_json_end(&json, '}');
}

void cli_help_json(void) {
  for (size_t i = 0; i < cli_command_count; i++) put_command_json(cli_commands[i]);
}
