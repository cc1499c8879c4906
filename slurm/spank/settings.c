#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "fugle_spank.h"

static char program[PATH_MAX];
static char script[PATH_MAX];
static bool has_needs;
static char file[PATH_MAX]; /* as it was typed; empty: no option */

static bool keep(char into[PATH_MAX], const char* text) {
  const size_t length = strlen(text);
  if (length == 0 || length >= PATH_MAX) return false;
  memcpy(into, text, length + 1);
  return true;
}

int read_plugin_arguments(int count, char** words) {
  for (int i = 0; i < count; ++i) {
    if (strcmp(words[i], "needs=yes") == 0) {
      has_needs = true;
      continue;
    }
    const bool is_good = (strncmp(words[i], "fugle=/", 7) == 0 && keep(program, words[i] + 6)) ||
                         (strncmp(words[i], "script=/", 8) == 0 && keep(script, words[i] + 7));
    if (is_good) continue;
    slurm_error("fugle: '%s' in plugstack.conf is not known (fugle=/path, script=/path, needs=yes)", words[i]);
    return -1;
  }
  return 0;
}

/* Called with what the user typed, and in a job with what the job was submitted with. */
static int take_option(int value, const char* text, int remote) {
  (void)value, (void)remote;
  if (text != NULL && keep(file, text)) return 0;
  slurm_error("fugle: --fugle= needs the name of a workflow file, e.g. --fugle=demo.yaml");
  return -1;
}

int register_option(spank_t spank) {
  static struct spank_option option = {
      .name = "fugle",
      .arginfo = "FILE",
      .usage = "run the workflow FILE in this job with Fugleman; it is checked before the job is submitted",
      .has_arg = 1,
      .val = 0,
      .cb = take_option,
  };
  const spank_err_t result = spank_option_register(spank, &option);
  if (result == ESPANK_SUCCESS) return 0;
  slurm_error("fugle: cannot add the option --fugle (%s)", spank_strerror(result));
  return -1;
}

/* With --export=NONE Slurm 22.05 does not call us with the option in the job, but the task's environment has it. */
void take_option_of_environment(spank_t spank) {
  if (option_is_given()) return;
  if (spank_getenv(spank, "SLURM_SPANK__SLURM_SPANK_OPTION_fugle_fugle", file, sizeof file) != ESPANK_SUCCESS)
    file[0] = '\0';
}

bool option_is_given(void) { return file[0] != '\0'; }

bool absolute_file(const char* directory, char path[PATH_MAX]) {
  if (file[0] == '/') return keep(path, file);
  return snprintf(path, PATH_MAX, "%s/%s", directory, file) < PATH_MAX;
}

const char* configured_program(void) { return program[0] != '\0' ? program : NULL; }

bool wants_needs(void) { return has_needs; }

bool job_script_program(char path[PATH_MAX]) {
  if (script[0] != '\0') return keep(path, script);
  Dl_info self;
  if (dladdr((void*)&option_is_given, &self) == 0 || !keep(path, self.dli_fname)) return false;
  char* name = strrchr(path, '/');
  if (name == NULL || (size_t)(name - path) + sizeof "/fugle-job-script" > PATH_MAX) return false;
  strcpy(name, "/fugle-job-script");
  return true;
}
