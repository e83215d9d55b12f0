/* command.h: what a command of the shell is: one table row of words and options, and a function.
 *
 * Everything that users read about a command (its help, the suggestions after a slip, `emily help --json`, from which
 * man page and completions can be made or checked) and everything that the parser does comes from these rows. Each
 * cmd_*.c defines its own; commands.c lists them.
 *
 * An option's value goes to a member of the command's settings, which are zeroed first and then given the presets. A
 * number tells whether it was given, so that a command can leave a default to a model's own files.
 */
#ifndef EMILY_CLI_COMMAND_H
#define EMILY_CLI_COMMAND_H

#include "emily/base.h"

/* Exit codes. Scripts rely on them: they never change. */
enum {
  CLI_OK = 0,
  CLI_FAILED = 1,        /* it could not be done: memory, a value that does not fit, a bad line, a write error */
  CLI_USAGE = 2,         /* the command line is wrong */
  CLI_NOT_FOUND = 3,     /* a file, tensor or op that is not there or cannot be read */
  CLI_BAD_FORMAT = 4,    /* a file's content breaks its format */
  CLI_UNSUPPORTED = 5,   /* well-formed, and emily does not do it: a family, a setting, a device */
  CLI_INTERRUPTED = 130, /* Ctrl-C */
  CLI_NO_READER = 141    /* the reader of standard output went away */
};

typedef struct cli_int {
  bool given; /* by the user; a preset does not count */
  int64_t value;
} cli_int;

typedef struct cli_real {
  bool given;
  double value;
} cli_real;

typedef struct cli_texts {
  const char **items;
  size_t count;
} cli_texts;

/* The kind says the type of the member that the value goes to. */
typedef enum cli_kind {
  CLI_FLAG, /* bool */
  CLI_INT,  /* cli_int */
  CLI_REAL, /* cli_real */
  CLI_TEXT, /* const char *, NULL when absent */
  CLI_TEXTS /* cli_texts: the option may be repeated */
} cli_kind;

typedef struct cli_option {
  const char *name; /* "top-k": without the dashes */
  char letter;      /* 'k' for -k; 0: none */
  cli_kind kind;
  const char *argument; /* what help calls the value: "K"; a flag has none */
  const char *preset;   /* the default, as a user would write it; NULL: none */
  const char *help;
  double least, most; /* bounds of a number, ends included */
  size_t offset;      /* of the member */
} cli_option;

/* Options that every command has. */
typedef struct cli_common {
  bool help;
  cli_int threads;
  const char *device;
} cli_common;

typedef struct cli_call {
  cli_common common;
  const void *settings; /* the command's own struct */
  const char **operands;
  size_t operand_count;
} cli_call;

typedef struct cli_command {
  const char *name;
  const char *synopsis;        /* the operands: "MODEL [TEXT... | -]" */
  const char *summary;         /* one line, no full stop */
  const char *details;         /* paragraphs, wrapped by hand at 79 columns; ends with a newline */
  const char *const *examples; /* whole command lines; ends with NULL */
  const cli_option *options;
  size_t option_count;
  size_t settings_size;
  size_t least_operands, most_operands;
  bool computes;                    /* on --device: it must be there */
  int (*run)(const cli_call *call); /* an exit code; what failed has been said */
} cli_command;

#define CLI_OPTIONS(table) .options = (table), .option_count = sizeof(table) / sizeof *(table)

/* In the order of the help. */
extern const cli_command *const cli_commands[];
extern const size_t cli_command_count;
extern const cli_option cli_common_options[];
extern const size_t cli_common_option_count;

/* NULL where there is none. */
const cli_command *cli_command_find(const char *name);

#endif
