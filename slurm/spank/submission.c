/* Slurm has no way to let a plugin set options of sbatch. What `fugle submit` would ask for and a variable can ask for
 * (sbatch(1), INPUT ENVIRONMENT VARIABLES) is put into the environment before sbatch looks there, and taken out again
 * before the job gets it. Options on the command line win over variables; those in the script do not, so a variable is
 * left alone where the script has the option. An option --fugle that only the script has (#SBATCH) is seen too late for
 * all this.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fugle_spank.h"

struct default_option {
  const char* variable;
  const char* value;
  const char* words[2]; /* of a script that decides it by itself */
  bool is_ours;
};
static struct default_option default_options[] = {
    {"SBATCH_REQUEUE", "1", {"--requeue", "--no-requeue"}, false},
    {"SBATCH_OPEN_MODE", "append", {"--open-mode", "--open-mode"}, false},
    {"SBATCH_SIGNAL", "B:USR1@120", {"--signal", "--signal"}, false},
};
enum { num_default_options = sizeof default_options / sizeof *default_options };

/* The words of sbatch before it looks at them itself. */
struct command_line {
  bool has_our_option;
  const char* script; /* NULL: none, or from standard input */
};

/* Options that take no value as a word of their own; all others do: --nodes 2, -N 2, but --nodes=2, -N2. */
static bool has_value_in_next_word(const char* word) {
  static const char flags[] =
      " --contiguous --exclusive --get-user-env --hold --ignore-pbs --nice --no-kill --no-requeue --overcommit"
      " --oversubscribe --parsable --propagate --quiet --reboot --requeue --share --spread-job --test-only --verbose"
      " --use-min-nodes --wait -H -h -k -O -Q -s -v -V -W ";
  if (strncmp(word, "--", 2) == 0 ? strchr(word, '=') != NULL : word[1] == '\0' || word[2] != '\0') return false;
  char spaced[64];
  if (snprintf(spaced, sizeof spaced, " %s ", word) >= (int)sizeof spaced) return true;
  return strstr(flags, spaced) == NULL;
}

static struct command_line read_command_line(void) {
  static char words[1 << 16];
  struct command_line line = {false, NULL};
  FILE* file = fopen("/proc/self/cmdline", "re");
  if (file == NULL) return line;
  const size_t size = fread(words, 1, sizeof words - 1, file);
  fclose(file);

  bool is_value = true; /* the first word is the command */
  for (const char* word = words; word < words + size; word += strlen(word) + 1) {
    if (is_value) {
      is_value = false;
    } else if (word[0] != '-') {
      line.script = word; /* what follows is for it */
      return line;
    } else {
      if (strcmp(word, "--fugle") == 0 || strncmp(word, "--fugle=", 8) == 0) line.has_our_option = true;
      is_value = strcmp(word, "--") != 0 && has_value_in_next_word(word);
    }
  }
  return line;
}

/* Variables win over the script: what it says itself is not touched. */
static void leave_to_script(const char* script, bool is_decided[num_default_options]) {
  FILE* file = script == NULL ? NULL : fopen(script, "re");
  char text[1024];
  while (file != NULL && fgets(text, sizeof text, file) != NULL) {
    if (strncmp(text, "#SBATCH", 7) != 0) continue;
    for (int i = 0; i < num_default_options; ++i)
      if (strstr(text, default_options[i].words[0]) != NULL || strstr(text, default_options[i].words[1]) != NULL)
        is_decided[i] = true;
  }
  if (file != NULL) fclose(file);
}

/* A job that another job of ours submits is not ours unless it is said again: Slurm hands the option on by the
   environment, and a workflow whose tasks submit jobs would run itself in each of them. */
static void forget_the_job_around_us(void) {
  static const char* const variables[] = {
      "SLURM_SPANK__SLURM_SPANK_OPTION_fugle_fugle",
      "FUGLE_FILE",
      "FUGLE_COMMAND",
      "FUGLE_NODE",
      "FUGLE_NODE_INDEX",
      "FUGLE_NODE_CORES",
      "FUGLE_NODE_MEM_MB",
      "FUGLE_NEEDS_CORES",
      "FUGLE_NEEDS_GPUS",
      "FUGLE_NEEDS_MEM_MB",
      "FUGLE_NEEDS_MINUTES",
      "FUGLE_SUBMITTED_BY_PLUGIN",
  };
  if (getenv("FUGLE_SUBMITTED_BY_PLUGIN") == NULL) return;
  for (size_t i = 0; i < sizeof variables / sizeof *variables; ++i) unsetenv(variables[i]);
}

int prepare_submission(void) {
  forget_the_job_around_us();
  if (strcmp(program_invocation_short_name, "sbatch") != 0) return 0;
  const struct command_line line = read_command_line();
  if (!line.has_our_option) return 0;
  bool is_decided[num_default_options] = {false};
  leave_to_script(line.script, is_decided);
  for (int i = 0; i < num_default_options; ++i) {
    struct default_option* option = &default_options[i];
    if (is_decided[i] || getenv(option->variable) != NULL) continue;
    option->is_ours = setenv(option->variable, option->value, 0) == 0;
  }
  return 0;
}

static void hide_default_options(void) {
  for (int i = 0; i < num_default_options; ++i)
    if (default_options[i].is_ours) unsetenv(default_options[i].variable);
}

/* Exit code of `fugle validate FILE`, which says itself what is wrong, 128 + N of one that signal N ended;
   -1 when it could not be run. */
static int validate(const char* program, const char* path) {
  fflush(NULL);
  const pid_t child = fork();
  if (child < 0) return -1;
  if (child == 0) {
    dup2(STDERR_FILENO, STDOUT_FILENO); /* stdout is for the job's number */
    execlp(program, program, "validate", path, (char*)NULL);
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return -1;
  if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
  return WEXITSTATUS(status) == 127 ? -1 : WEXITSTATUS(status);
}

/* Ends the command, as a plugin that is `optional` in plugstack.conf has no other way to say no. */
static void refuse(void) {
  slurm_error("fugle: nothing was submitted");
  fflush(NULL);
  _exit(1);
}

static void say_what_to_type(const char* path) {
  if (strcmp(program_invocation_short_name, "salloc") == 0)
    fprintf(stderr, "fugle: in the shell that comes, 'fugle run' runs %s\n", path);
}

int check_submission(void) {
  hide_default_options();

  char directory[PATH_MAX];
  char path[PATH_MAX];
  if (getcwd(directory, sizeof directory) == NULL || !absolute_file(directory, path)) {
    slurm_error("fugle: the name of the workflow file is too long");
    refuse();
  }
  const char* program = configured_program() != NULL ? configured_program() : "fugle";
  const int code = validate(program, path);
  if (code < 0)
    slurm_error("fugle: cannot check %s (no program '%s'); load its module, or set fugle=/path in plugstack.conf", path,
                program);
  if (code > 128) slurm_error("fugle: cannot check %s ('%s' died of signal %d)", path, program, code - 128);
  if (code != 0) refuse();

  if (wants_needs()) export_needs(program, path);
  setenv("FUGLE_FILE", path, 1);
  setenv("FUGLE_SUBMITTED_BY_PLUGIN", "1", 1);
  say_what_to_type(path);
  return 0;
}
