/* What the parts of the plugin know of each other.
 *
 *   fugle_spank.c   the hooks that Slurm calls; sends each to the part of the place where it was called
 *   settings.c      the arguments in plugstack.conf and the option --fugle=FILE
 *   submission.c    in sbatch, salloc, srun: checks the file before anything is submitted; runs as the user
 *   needs.c         there, when asked for: what the largest tasks need
 *   in_job.c        in slurmstepd: environment of the tasks, and what the batch script becomes
 *
 * Nothing here is linked against Fugleman or Slurm. As root (slurmstepd before it becomes the user) only functions of
 * SPANK are called, and no file of a user is touched. All messages begin with "fugle:".
 */
#ifndef FUGLE_SPANK_H
#define FUGLE_SPANK_H

#include <limits.h>
#include <slurm/spank.h>
#include <stdbool.h>

/* settings.c */
int read_plugin_arguments(int count, char** words); /* fugle=/path script=/path; -1 and a message on another one */
int register_option(spank_t spank);                 /* --fugle=FILE */
void take_option_of_environment(spank_t spank);     /* of the task: see there */
bool option_is_given(void);                         /* by the user now, or with the job that we are in */
bool absolute_file(const char* directory, char path[PATH_MAX]); /* FILE; false when it does not fit */
const char* configured_program(void);                           /* fugle=/path, or NULL */
bool job_script_program(char path[PATH_MAX]); /* fugle-job-script: script=/path, else beside the plugin */

bool wants_needs(void); /* needs=yes */

/* submission.c */
int prepare_submission(void); /* before sbatch reads its options */
int check_submission(void);   /* when all options are read; does not return when the file is refused */

/* needs.c */
void export_needs(const char* program, const char* path); /* nothing where they can not be known */

/* in_job.c */
int prepare_task(spank_t spank); /* as the user, in the process that becomes the task */

#endif
