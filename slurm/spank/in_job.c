#define _GNU_SOURCE
#include <inttypes.h>
#include <slurm/slurm.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fugle_spank.h"

static void set(spank_t spank, const char* name, const char* value) {
  if (spank_setenv(spank, name, value, 1) != ESPANK_SUCCESS) slurm_error("fugle: cannot set %s for the job", name);
}

/* The variables of the submitting command may not have come with the job (--export=NONE). */
static void describe_job(spank_t spank) {
  char directory[PATH_MAX];
  char path[PATH_MAX];
  if (spank_getenv(spank, "SLURM_SUBMIT_DIR", directory, sizeof directory) != ESPANK_SUCCESS) return;
  if (!absolute_file(directory, path)) return;
  set(spank, "FUGLE_FILE", path);
  set(spank, "FUGLE_SUBMITTED_BY_PLUGIN", "1");
  if (configured_program() != NULL) set(spank, "FUGLE_COMMAND", configured_program());
}

static void set_number(spank_t spank, const char* name, uint64_t value) {
  char text[32];
  snprintf(text, sizeof text, "%" PRIu64, value);
  set(spank, name, text);
}

/* What this job has on this node, which Slurm's own variables say of the first node only, or of all of them in one. */
static void describe_node(spank_t spank) {
  char host[256];
  uint32_t number = 0;
  uint64_t megabytes = 0;
  char* cores = NULL;
  if (gethostname(host, sizeof host) == 0) set(spank, "FUGLE_NODE", host);
  if (spank_get_item(spank, S_JOB_NODEID, &number) == ESPANK_SUCCESS) set_number(spank, "FUGLE_NODE_INDEX", number);
  if (spank_get_item(spank, S_JOB_ALLOC_MEM, &megabytes) == ESPANK_SUCCESS)
    set_number(spank, "FUGLE_NODE_MEM_MB", megabytes);
  if (spank_get_item(spank, S_JOB_ALLOC_CORES, &cores) == ESPANK_SUCCESS && cores != NULL)
    set(spank, "FUGLE_NODE_CORES", cores);
}

static bool is_batch_script(spank_t spank) {
  uint32_t step = 0;
  return spank_get_item(spank, S_JOB_STEPID, &step) == ESPANK_SUCCESS && step == SLURM_BATCH_SCRIPT;
}

/* The script becomes an argument of ours: the words of the task are those that slurmstepd is about to exec. */
static int replace_batch_script(spank_t spank) {
  static char program[PATH_MAX];
  int count = 0;
  char** words = NULL;
  if (spank_get_item(spank, S_JOB_ARGV, &count, &words) != ESPANK_SUCCESS || count < 1 ||
      !job_script_program(program) || access(program, X_OK) != 0) {
    slurm_error("fugle: cannot run the workflow (no program '%s' on this node); ask your administrator", program);
    return -1;
  }
  set(spank, "FUGLE_JOB_SCRIPT", words[0]);
  words[0] = program;
  return 0;
}

int prepare_task(spank_t spank) {
  describe_job(spank);
  describe_node(spank);
  return is_batch_script(spank) ? replace_batch_script(spank) : 0;
}
