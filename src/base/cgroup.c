/* cgroup.c: see cgroup.h. */
#include "base/cgroup.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 8192, PATH_BYTES = 4096 };

/* One walk: the files of a controller in `dir`, a folder under `mount` (both without the root). */
typedef struct walk {
  const char *root;
  int version;
  char dir[PATH_BYTES];
  size_t top; /* length of the mount point at the front of dir: the walk ends there */
  emily__cgroup *out;
} walk;

static void note(walk *w, const char *file, const char *text) {
  if (w->out->note[0]) return;
  snprintf(w->out->note, sizeof w->out->note, "%.500s/%s holds '%.40s', which is no limit: ignored", w->dir, file,
           text);
}

/* The first line of root/dir/file without its newline; false where it cannot be read. */
static bool read_line(const walk *w, const char *file, char *line, int size) {
  char path[2 * PATH_BYTES];
  snprintf(path, sizeof path, "%s%s/%s", w->root, w->dir, file);
  FILE *stream = fopen(path, "re");
  if (!stream) return false;
  bool ok = fgets(line, size, stream) != NULL;
  fclose(stream);
  if (ok) line[strcspn(line, "\n")] = '\0';
  return ok;
}

/* A whole decimal number, nothing after it but spaces. */
static bool parse_number(const char *text, int64_t *out) {
  char *end;
  if (!isdigit((unsigned char)*text) && *text != '-') return false;
  *out = strtoll(text, &end, 10);
  return end != text && end[strspn(end, " \t")] == '\0';
}

static void take_cpus(walk *w, int64_t quota, int64_t period) {
  double cpus = (double)quota / (double)period;
  if (w->out->cpus > 0 && w->out->cpus <= cpus) return;
  w->out->cpus = cpus;
  w->out->cpus_version = w->version;
  snprintf(w->out->cpus_at, sizeof w->out->cpus_at, "%.511s", w->dir);
}

/* cpu.max: "QUOTA PERIOD" in microseconds, QUOTA may be "max"; the period may be left out and is 100,000 then. */
static void read_cpu_v2(walk *w) {
  char line[128], copy[128];
  int64_t quota, period = 100000;
  if (!read_line(w, "cpu.max", line, sizeof line)) return;
  memcpy(copy, line, sizeof copy);
  char *rest = copy + strcspn(copy, " ");
  if (*rest) *rest++ = '\0';
  if (strcmp(copy, "max") == 0) return;
  if (!parse_number(copy, &quota) || (*rest && !parse_number(rest, &period)) || quota <= 0 || period <= 0)
    note(w, "cpu.max", line);
  else take_cpus(w, quota, period);
}

/* cpu.cfs_quota_us (-1: none) over cpu.cfs_period_us. */
static void read_cpu_v1(walk *w) {
  char line[128];
  int64_t quota, period;
  if (!read_line(w, "cpu.cfs_quota_us", line, sizeof line)) return;
  if (!parse_number(line, &quota) || quota == 0) {
    note(w, "cpu.cfs_quota_us", line);
    return;
  }
  if (quota < 0) return;
  if (!read_line(w, "cpu.cfs_period_us", line, sizeof line)) return;
  if (!parse_number(line, &period) || period <= 0) note(w, "cpu.cfs_period_us", line);
  else take_cpus(w, quota, period);
}

static void read_memory(walk *w, const char *limit_file, const char *used_file) {
  char line[128];
  int64_t limit, used;
  if (!read_line(w, limit_file, line, sizeof line) || strcmp(line, "max") == 0) return;
  if (!parse_number(line, &limit) || limit <= 0) {
    note(w, limit_file, line);
    return;
  }
  if (limit >= INT64_MAX - (1 << 20)) return; /* version 1 writes "none" as the largest whole page */
  if (w->out->memory_limit > 0 && w->out->memory_limit <= (uint64_t)limit) return;
  bool known = read_line(w, used_file, line, sizeof line) && parse_number(line, &used) && used >= 0;
  w->out->memory_limit = (uint64_t)limit;
  w->out->memory_used = known ? (uint64_t)used : 0;
  w->out->memory_version = w->version;
  snprintf(w->out->memory_at, sizeof w->out->memory_at, "%.511s", w->dir);
}

static void read_group(walk *w, bool cpu, bool memory) {
  if (cpu && w->version == 2) read_cpu_v2(w);
  if (cpu && w->version == 1) read_cpu_v1(w);
  if (memory && w->version == 2) read_memory(w, "memory.max", "memory.current");
  if (memory && w->version == 1) read_memory(w, "memory.limit_in_bytes", "memory.usage_in_bytes");
}

/* From the process's own group up to the top of the mount. */
static void walk_up(walk *w, bool cpu, bool memory) {
  for (;;) {
    read_group(w, cpu, memory);
    size_t length = strlen(w->dir);
    if (length <= w->top) return;
    while (length > w->top && w->dir[length - 1] != '/') length--;
    while (length > w->top && w->dir[length - 1] == '/') length--;
    w->dir[length] = '\0';
  }
}

/* Whether `item` is one of the comma-separated `list`. */
static bool list_has(const char *list, const char *item) {
  size_t length = strlen(item);
  for (;;) {
    size_t n = strcspn(list, ",");
    if (n == length && memcmp(list, item, n) == 0) return true;
    if (list[n] == '\0') return false;
    list += n + 1;
  }
}

/* The process's path in the hierarchy of `controller` (version 1) or in the unified one (NULL); "" where none. */
static void find_group(const char *root, const char *controller, char out[PATH_BYTES]) {
  char path[PATH_BYTES], line[LINE_MAX_BYTES];
  out[0] = '\0';
  snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
  FILE *file = fopen(path, "re");
  if (!file) return;
  while (fgets(line, sizeof line, file)) { /* ID:CONTROLLERS:PATH */
    char *list = strchr(line, ':'), *group = list ? strchr(list + 1, ':') : NULL;
    if (!group) continue;
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    bool match = controller ? list_has(list + 1, controller) : list[1] == '\0' && strncmp(line, "0:", 2) == 0;
    if (!match || strlen(group) >= PATH_BYTES) continue;
    strcpy(out, group);
    break;
  }
  fclose(file);
}

/* In place: the kernel writes spaces, tabs, newlines and backslashes of a path as \ooo. */
static void decode_octal(char *text) {
  char *to = text;
  for (const char *from = text; *from; to++) {
    if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && isdigit((unsigned char)from[2]) &&
        isdigit((unsigned char)from[3])) {
      *to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
      from += 4;
    } else {
      *to = *from++;
    }
  }
  *to = '\0';
}

typedef struct mount {
  char *within, *point, *type, *options; /* the part of the file system that is seen, where, its type, its options */
} mount;

/* "ID PARENT DEV WITHIN POINT OPTIONS [TAGS…] - TYPE SOURCE SUPER_OPTIONS", proc(5). Cuts up the line. */
static bool parse_mount(char *line, mount *out) {
  char *dash = strstr(line, " - "), *save = NULL, *field;
  if (!dash) return false;
  *dash = '\0';
  *out = (mount){0};
  field = strtok_r(line, " ", &save);
  for (int i = 0; field && i < 5; i++, field = strtok_r(NULL, " ", &save)) {
    if (i == 3) out->within = field;
    if (i == 4) out->point = field;
  }
  out->type = strtok_r(dash + 3, " \n", &save);
  strtok_r(NULL, " \n", &save);
  out->options = strtok_r(NULL, " \n", &save);
  if (!out->within || !out->point || !out->type || !out->options) return false;
  decode_octal(out->within);
  decode_octal(out->point);
  return true;
}

/* The folder of `group` under the mount. A group outside of what the mount shows (its root in another namespace, or
 * "/../x") leaves the mount point itself, which is then the group that the process was given. */
static bool place(walk *w, const mount *m, const char *group) {
  size_t within = strcmp(m->within, "/") == 0 ? 0 : strlen(m->within);
  bool inside = strncmp(group, m->within, within) == 0 && (group[within] == '/' || group[within] == '\0');
  const char *rest = inside && !strstr(group, "/..") ? group + within : "";
  if (strcmp(rest, "/") == 0) rest = "";
  w->top = strlen(m->point);
  int length = snprintf(w->dir, sizeof w->dir, "%s%s", m->point, rest);
  return length > 0 && length < (int)sizeof w->dir;
}

static void read_mount(const char *root, const mount *m, emily__cgroup *out) {
  char group[PATH_BYTES];
  walk w = {.root = root, .out = out};
  bool unified = strcmp(m->type, "cgroup2") == 0;
  bool cpu = unified || list_has(m->options, "cpu"), memory = unified || list_has(m->options, "memory");
  if (!unified && (strcmp(m->type, "cgroup") != 0 || (!cpu && !memory))) return;
  w.version = unified ? 2 : 1;
  find_group(root, unified ? NULL : cpu ? "cpu" : "memory", group);
  if (group[0] && place(&w, m, group)) walk_up(&w, cpu, memory);
}

void emily__cgroup_read(const char *root, emily__cgroup *out) {
  char path[PATH_BYTES], line[LINE_MAX_BYTES];
  memset(out, 0, sizeof *out);
  snprintf(path, sizeof path, "%s/proc/self/mountinfo", root);
  FILE *file = fopen(path, "re");
  if (!file) return;
  while (fgets(line, sizeof line, file)) {
    mount m;
    if (!strchr(line, '\n')) { /* longer than any control group's: skip its rest */
      for (int c = fgetc(file); c != EOF && c != '\n';) c = fgetc(file);
      continue;
    }
    if (parse_mount(line, &m)) read_mount(root, &m, out);
  }
  fclose(file);
}
