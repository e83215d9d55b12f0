/* test_cmd_chat.c: `emily chat` from lines, and at a terminal that the test plays the user of. */
#include "support/folder.h"
#include "support/shell.h"
#include "support/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static char *folder;

static const char TEMPLATE[] =
    "{% for m in messages %}{{ m.role[0] }} {{ m.content }} {% endfor %}{% if enable_thinking is defined %}{{ "
    "enable_thinking }}{% endif %}"
    "{% if 'refuse' in messages[-1].content %}{{ raise_exception('no such talk') }}{% endif %}";

static int setup(void **state) {
  (void)state;
  folder = folder_new();
  tiny_qwen3(folder);
  folder_puts(folder, "chat_template.jinja", TEMPLATE);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  folder_remove(folder);
  return 0;
}

/* ---- lines ---- */

static size_t count_lines(const char *text) {
  size_t n = 0;
  while ((text = strchr(text, '\n'))) n++, text++;
  return n;
}

static void each_line_gets_an_answer(void **state) {
  (void)state;
  shell r = shell_run("hello\n\nwhy\n", "chat", folder, "-n", "5");
  assert_int_equal(r.code, 0);
  assert_int_equal(count_lines(r.out), 2);
  assert_null(strstr(r.out, ">>>"));
  shell again = shell_run("hello\nwhy", "chat", folder, "-n", "5");
  assert_string_equal(r.out, again.out);
  shell_free(&again);
  shell_free(&r);
}

/* The end token comes first where only it may come. */
static void an_empty_answer_is_a_line_too(void **state) {
  (void)state;
  char *other = folder_new();
  tiny_qwen3(other);
  folder_puts(other, "chat_template.jinja", TEMPLATE);
  json_t *all = json_array();
  for (int i = 0; i < TINY_VOCAB; i++) assert_int_equal(json_array_append_new(all, json_integer(i)), 0);
  char *ids = json_dumps(all, 0), text[1024];
  snprintf(text, sizeof text, "{\"eos_token_id\":%s}", ids);
  folder_puts(other, "generation_config.json", text);
  shell r = shell_run("a\nb\n", "chat", other);
  assert_int_equal(r.code, 0);
  assert_int_equal(count_lines(r.out), 2);
  shell_free(&r);
  free(ids);
  json_decref(all);
  folder_remove(other);
}

static void earlier_turns_count(void **state) {
  (void)state;
  shell one = shell_run("why\n", "chat", folder, "-n", "12"),
        two = shell_run("hello\nwhy\n", "chat", folder, "-n", "12");
  shell reset = shell_run("hello\n/reset\nwhy\n", "chat", folder, "-n", "12");
  assert_string_not_equal(strchr(two.out, '\n') + 1, one.out);
  assert_string_equal(strchr(reset.out, '\n') + 1, one.out);
  shell_free(&one), shell_free(&two), shell_free(&reset);
}

static void a_system_message_by_option_or_command(void **state) {
  (void)state;
  shell by_option = shell_run("why\n", "chat", folder, "-n", "12", "--system", "be brief");
  shell by_command = shell_run("/system be brief\nwhy\n", "chat", folder, "-n", "12"),
        none = shell_run("why\n", "chat", folder, "-n", "12");
  assert_string_equal(by_option.out, by_command.out);
  assert_string_not_equal(by_option.out, none.out);
  shell_free(&by_option), shell_free(&by_command), shell_free(&none);
}

static void thinking_is_a_variable(void **state) {
  (void)state;
  shell think = shell_run("why\n", "chat", folder, "-n", "12", "--think"),
        var = shell_run("why\n", "chat", folder, "-n", "12", "--var", "enable_thinking=true");
  shell no = shell_run("why\n", "chat", folder, "-n", "12", "--no-think");
  assert_string_equal(think.out, var.out);
  assert_string_not_equal(think.out, no.out);
  shell_free(&think), shell_free(&var), shell_free(&no);
}

static void messages_of_several_lines(void **state) {
  (void)state;
  shell quoted = shell_run("\"\"\"\na b\nc\n\"\"\"\n", "chat", folder, "-n", "8"),
        slashes = shell_run("a b\\\nc\n", "chat", folder, "-n", "8");
  shell inner = shell_run("\"\"\"a b\nc\"\"\"\n", "chat", folder, "-n", "8");
  assert_int_equal(count_lines(quoted.out), 1);
  assert_string_equal(quoted.out, slashes.out);
  assert_string_equal(quoted.out, inner.out);
  shell_free(&quoted), shell_free(&slashes), shell_free(&inner);
}

static void commands_in_lines(void **state) {
  (void)state;
  shell r = shell_run("hi\n/stats\n/help\n/exit\nnever\n", "chat", folder, "-n", "3");
  assert_int_equal(r.code, 0);
  assert_int_equal(count_lines(r.out), 1);
  assert_non_null(strstr(r.err, "2 messages"));
  assert_non_null(strstr(r.err, "/system TEXT"));
  assert_non_null(strstr(r.err, "cut off after 3 tokens"));
  shell_free(&r);
  r = shell_run("/rest\n", "chat", folder);
  assert_int_equal(r.code, 1);
  assert_non_null(strstr(r.err, "did you mean /reset?"));
  shell_free(&r);
}

static void a_refused_message_is_forgotten(void **state) {
  (void)state;
  shell r = shell_run("refuse\nwhy\n", "chat", folder, "-n", "12"),
        alone = shell_run("why\n", "chat", folder, "-n", "12");
  assert_int_equal(r.code, 1);
  assert_non_null(strstr(r.err, "no such talk"));
  assert_string_equal(r.out, alone.out);
  shell_free(&r), shell_free(&alone);
}

static void slips(void **state) {
  (void)state;
  shell r = shell_run("", "chat", folder, "--think", "--no-think");
  shell_assert_error(&r, 2, "exclude each other");
  shell_free(&r);
  r = shell_run("", "chat", folder, "--var", "x");
  shell_assert_error(&r, 2, "NAME=JSON");
  shell_free(&r);
  r = shell_run("", "chat", folder, "--date", "tomorrow");
  shell_assert_error(&r, 1, "is no date");
  shell_free(&r);
  r = shell_run("", "chat", folder, "--template", "none");
  assert_int_equal(r.code, 0); /* nothing was rendered */
  shell_free(&r);
  char *bare = folder_new();
  tiny_qwen3(bare);
  r = shell_run("hi\n", "chat", bare);
  shell_assert_error(&r, 3, "has no chat template");
  shell_free(&r);
  folder_remove(bare);
}

/* ---- a terminal ---- */

typedef struct terminal {
  int fd;
  pid_t pid;
  char seen[1 << 16];
  size_t count, from; /* what was looked at already */
} terminal;

static void open_terminal(terminal *t, const char *tokens) {
  struct winsize size = {.ws_row = 24, .ws_col = 80};
  char path[1024];
  const char *build = getenv("EMILY_TEST_BUILD");
  snprintf(path, sizeof path, "%s/emily", build ? build : "build");
  *t = (terminal){0};
  t->pid = forkpty(&t->fd, NULL, NULL, &size);
  assert_true(t->pid >= 0);
  if (t->pid) return;
  setenv("TERM", "xterm", 1);
  execl(path, path, "chat", folder, "-n", tokens, "--seed", "1", (char *)NULL);
  _exit(127);
}

static void send_keys(const terminal *t, const char *keys) {
  assert_int_equal(write(t->fd, keys, strlen(keys)), (ssize_t)strlen(keys));
}

/* Reads until `text` comes; 0 at the end or after ten seconds. */
static int wait_for(terminal *t, const char *text) {
  for (;;) {
    char *found = strstr(t->seen + t->from, text);
    if (found) return t->from = (size_t)(found - t->seen) + strlen(text), 1;
    struct pollfd ready = {.fd = t->fd, .events = POLLIN};
    if (poll(&ready, 1, 10000) <= 0 || t->count + 1 >= sizeof t->seen) return 0;
    ssize_t got = read(t->fd, t->seen + t->count, sizeof t->seen - 1 - t->count);
    if (got <= 0) return 0;
    for (ssize_t i = 0; i < got; i++)
      if (!t->seen[t->count + (size_t)i]) t->seen[t->count + (size_t)i] = ' ';
    t->count += (size_t)got;
    t->seen[t->count] = '\0';
  }
}

static void expect(terminal *t, const char *text) {
  if (!wait_for(t, text)) fail_msg("'%s' did not come; this did: %s", text, t->seen + t->from);
}

static int close_terminal(terminal *t) {
  while (wait_for(t, "\x01 never")) {
  }
  int code = shell_wait(t->pid);
  close(t->fd);
  return code;
}

static void a_terminal_talks(void **state) {
  (void)state;
  terminal t;
  open_terminal(&t, "6");
  expect(&t, "/help tells");
  expect(&t, ">>> ");
  send_keys(&t, "hellp\x7fo\r");
  expect(&t, ">>> hello");
  expect(&t, "cut off after 6");
  expect(&t, ">>> ");
  send_keys(&t, "\x1b[A"); /* up: the line again */
  expect(&t, ">>> hello");
  send_keys(&t, "\x03"); /* Ctrl-C takes it away, and does not leave */
  expect(&t, ">>> ");
  send_keys(&t, "/stats\r");
  expect(&t, "2 messages");
  expect(&t, ">>> ");
  send_keys(&t, "\x04");
  assert_int_equal(close_terminal(&t), 0);
}

static void ctrl_c_stops_the_answer_and_not_the_program(void **state) {
  (void)state;
  terminal t;
  open_terminal(&t, "90000");
  expect(&t, ">>> ");
  send_keys(&t, "hello\r");
  expect(&t, "hello");
  expect(&t, "\r\n");
  usleep(300000); /* the answer goes on for minutes */
  send_keys(&t, "\x03");
  expect(&t, "(stopped; Ctrl-C once more leaves)");
  expect(&t, ">>> ");
  send_keys(&t, "/stats\r");
  expect(&t, "messages");
  expect(&t, ">>> ");
  send_keys(&t, "\x03");
  expect(&t, "Ctrl-C once more");
  expect(&t, ">>> ");
  send_keys(&t, "\x03");
  assert_int_equal(close_terminal(&t), 0);
}

static void pasted_lines_are_one_message(void **state) {
  (void)state;
  terminal t;
  open_terminal(&t, "4");
  expect(&t, ">>> ");
  send_keys(&t, "\x1b[200~a b\rc d\r\x1b[201~");
  expect(&t, "c d");
  send_keys(&t, "\r");
  expect(&t, "cut off after 4");
  send_keys(&t, "/stats\r");
  expect(&t, "2 messages");
  send_keys(&t, "/exit\r");
  assert_int_equal(close_terminal(&t), 0);
}

static void an_ended_process_leaves_the_terminal_as_it_was(void **state) {
  (void)state;
  terminal t;
  struct termios before, after;
  open_terminal(&t, "4");
  assert_int_equal(tcgetattr(t.fd, &before), 0);
  expect(&t, ">>> ");
  assert_int_equal(kill(t.pid, SIGTERM), 0);
  assert_int_equal(shell_wait(t.pid), 128 + SIGTERM);
  assert_int_equal(tcgetattr(t.fd, &after), 0);
  assert_int_equal(after.c_lflag, before.c_lflag | ECHO | ICANON | ISIG | IEXTEN);
  close(t.fd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_line_gets_an_answer),
      cmocka_unit_test(an_empty_answer_is_a_line_too),
      cmocka_unit_test(earlier_turns_count),
      cmocka_unit_test(a_system_message_by_option_or_command),
      cmocka_unit_test(thinking_is_a_variable),
      cmocka_unit_test(messages_of_several_lines),
      cmocka_unit_test(commands_in_lines),
      cmocka_unit_test(a_refused_message_is_forgotten),
      cmocka_unit_test(slips),
      cmocka_unit_test(a_terminal_talks),
      cmocka_unit_test(ctrl_c_stops_the_answer_and_not_the_program),
      cmocka_unit_test(pasted_lines_are_one_message),
      cmocka_unit_test(an_ended_process_leaves_the_terminal_as_it_was),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
