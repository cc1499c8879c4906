/* What the largest tasks of a workflow need, as variables FUGLE_NEEDS_* of the job: job_submit.lua runs in slurmctld,
 * which must not start programs of users nor read their files.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fugle_spank.h"

struct need {
  const char* key; /* in the output of `fugle plan --json` */
  const char* variable;
  double unit;
  double largest;
};

/* `fugle plan` on a node on which everything fits; the reader owns the process. */
static FILE* start_plan(const char* program, const char* path, pid_t* child) {
  int ends[2];
  if (pipe(ends) != 0) return NULL;
  *child = fork();
  if (*child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]), close(ends[1]);
    if (freopen("/dev/null", "w", stderr) == NULL) _exit(126);
    execlp(program, program, "plan", "--json", "--policy=fifo", "--alloc", "nodes=1,cores=1000000,gpus=1000,mem=1000T",
           path, (char*)NULL);
    _exit(127);
  }
  close(ends[1]);
  if (*child > 0) return fdopen(ends[0], "r");
  close(ends[0]);
  return NULL;
}

static void raise_needs(const char* line, struct need* needs, int count) {
  for (int i = 0; i < count; ++i)
    for (const char* at = line; (at = strstr(at, needs[i].key)) != NULL;) {
      at += strlen(needs[i].key);
      const double value = strtod(at, NULL);
      if (value > needs[i].largest) needs[i].largest = value;
    }
}

void export_needs(const char* program, const char* path) {
  struct need needs[] = {
      {"\"cores\":", "FUGLE_NEEDS_CORES", 1, 0},
      {"\"gpus\":", "FUGLE_NEEDS_GPUS", 1, 0},
      {"\"mem_bytes\":", "FUGLE_NEEDS_MEM_MB", 1 << 20, 0},
      {"\"timeout_s\":", "FUGLE_NEEDS_MINUTES", 60, 0},
  };
  const int count = sizeof needs / sizeof *needs;
  pid_t child = -1;
  FILE* plan = start_plan(program, path, &child);
  if (plan == NULL) return;
  char* line = NULL;
  size_t size = 0;
  while (getline(&line, &size, plan) >= 0) raise_needs(line, needs, count);
  free(line);
  fclose(plan);
  int status = 1;
  if (waitpid(child, &status, 0) != child || status != 0) return; /* e.g. inputs that another job will make */
  for (int i = 0; i < count; ++i) {
    char text[32];
    snprintf(text, sizeof text, "%.0f", needs[i].largest / needs[i].unit);
    setenv(needs[i].variable, text, 1);
  }
}
