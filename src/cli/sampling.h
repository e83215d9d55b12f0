/* sampling.h: the options of how tokens are chosen, which commands that write text share. */
#ifndef EMILY_CLI_SAMPLING_H
#define EMILY_CLI_SAMPLING_H

#include "cli/command.h"
#include "emily/generate.h"

typedef struct cli_sampling {
  cli_int top_k, seed;
  cli_real temperature, top_p, min_p, repetition_penalty;
} cli_sampling;

/* Rows of an option table whose settings have a cli_sampling called `sampling`. */
#define CLI_SAMPLING_OPTIONS(settings)                                                                                     \
  {"temperature", 0, CLI_REAL, "T", NULL, "flatten (above 1) or sharpen the choice; 0 takes the likeliest token always", 0, \
   INFINITY, offsetof(settings, sampling.temperature)},                                                                    \
  {"top-k", 0, CLI_INT, "K", NULL, "choose among the K likeliest tokens; 0: among all", 0, 1e9, offsetof(settings, sampling.top_k)}, \
  {"top-p", 0, CLI_REAL, "P", NULL, "choose among the likeliest tokens that make up the probability P", 0, 1,              \
   offsetof(settings, sampling.top_p)},                                                                                    \
  {"min-p", 0, CLI_REAL, "P", NULL, "leave out tokens less likely than P times the likeliest", 0, 1, offsetof(settings, sampling.min_p)}, \
  {"repetition-penalty", 0, CLI_REAL, "R", NULL, "above 1: make tokens that were there already less likely", 0, INFINITY,  \
   offsetof(settings, sampling.repetition_penalty)},                                                                       \
  {"seed", 's', CLI_INT, "S", NULL, "begin the random choice here, to get the same text again", 0, 9.2e18, offsetof(settings, sampling.seed)}

/* What was given, over what the options leave open. */
void cli_sampling_apply(const cli_sampling *sampling, emily_generate_options *options);

#endif
