"""MPI tasks: several on one node, over several nodes, their ends, what they are told, and launchers of the user's own."""

import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import unittest

from fugle_case import FUGLE, FugleCase, main, numbers, poll, processes_of

RANKS = pathlib.Path(FUGLE).resolve().parent.parent / "tests" / "mpi-programs" / "ranks"
EIGHT_CORES = "pack:1 core:8 pu:1"
LINE = re.compile(r"rank (\d+) of (\d+) host (\S+) cpus (\S+) bound (\S+)")


class MpiTasks(FugleCase):
    def setUp(self):
        super().setUp()
        if not RANKS.exists():
            print(f"SKIPPED: {RANKS} is not built (target mpi_test_ranks)", file=sys.stderr)
            self.skipTest("no MPI program")
        self.environment["HWLOC_SYNTHETIC"] = EIGHT_CORES

    def workflow(self, tasks):
        self.write("w.yaml", f"version: 1\nname: w\ntasks:\n{tasks}")

    def log_of(self, element):
        return self.fugle("logs", "w", element).stdout

    def ranks_of(self, element):
        return [(int(r), int(n), host, numbers(cpus)) for r, n, host, cpus, _ in LINE.findall(self.log_of(element))]

    def test_four_of_two_ranks_run_at_once_on_eight_cores_and_share_none(self):
        self.workflow(f"""
  pair:
    matrix: {{i: "0..3"}}
    resources: {{ranks: 2}}
    run: [{RANKS}, touch, "here${{{{ matrix.i }}}}", wait, go]
""")
        run = self.start("run", "w.yaml")
        poll(lambda: len(list(self.directory.glob("here*.*"))) == 8, 120, "eight ranks at a time")
        self.write("go", "")
        self.assertEqual(run.wait(120), 0)
        cores = [core for i in range(4) for _, _, _, own in self.ranks_of(f"pair[{i}]") for core in own]
        self.assertEqual(sorted(cores), list(range(8)))

    def test_a_mix_of_mpi_tasks_and_small_ones_shares_no_core(self):
        """FUGLE_MIX_RUNS: how often, 2 by default."""
        self.workflow(f"""
  pair:
    matrix: {{i: "1..40"}}
    priority: 5
    resources: {{ranks: 2}}
    env: {{OMPI_MCA_orte_allowed_exit_without_sync: "1"}}
    run: [{RANKS}, leave]
  one: {{matrix: {{i: "1..400"}}, run: "echo $FUGLE_CPUS > cpus.${{{{ matrix.i }}}}; sleep 0.0$((RANDOM % 9 + 1))"}}
""")
        for _ in range(int(os.environ.get("FUGLE_MIX_RUNS", "2"))):
            shutil.rmtree(self.directory / ".fugle", ignore_errors=True)
            self.fugle("run", "w.yaml", timeout=600)
            cores = {f"one[{i}]": numbers(self.read(f"cpus.{i}").strip()) for i in range(1, 401)}
            cores |= {f"pair[{i}]": set().union(*(own for *_, own in self.ranks_of(f"pair[{i}]"))) for i in range(1, 41)}
            self.assertEqual({(element.partition("[")[0], len(own)) for element, own in cores.items()},
                             {("pair", 2), ("one", 1)}, "beside ranks one core is bound")
            ends = {}
            for attempt in sorted(self.attempts(), key=lambda attempt: attempt["start_ns"]):
                for core in cores[attempt["element"]]:
                    self.assertLessEqual(ends.get(core, 0), attempt["start_ns"], f"core {core} of {attempt['element']}")
                    ends[core] = attempt["end_ns"]
            self.assertEqual(set(ends), set(range(8)))

    def test_ranks_have_as_many_cores_as_they_ask_for_beside_ordinary_tasks(self):
        self.workflow(f"""
  hybrid: {{resources: {{ranks: 3, cores: 2}}, run: [{RANKS}, wait, go]}}
  small: {{matrix: {{i: "0..1"}}, run: "echo cpus $FUGLE_CPUS; until test -e go; do sleep 0.05; done"}}
""")
        run = self.start("run", "w.yaml")
        self.wait_for_run()
        poll(lambda: self.status()["counts"]["running"] == 3, 120, "all three")
        self.write("go", "")
        self.assertEqual(run.wait(120), 0)
        ranks = self.ranks_of("hybrid")
        self.assertEqual([len(own) for _, _, _, own in ranks], [2, 2, 2])
        small = [numbers(self.log_of(f"small[{i}]").split()[-1]) for i in range(2)]
        taken = set().union(*small, *(own for _, _, _, own in ranks))
        self.assertEqual(taken, set(range(8)), "6 and 2 cores, none of them twice")

    def test_a_script_gets_the_words_of_the_launcher_and_the_host_file(self):
        self.workflow(f"""
  job:
    resources: {{ranks: 2, cores: 2}}
    run: |
      echo "$FUGLE_RANKS ranks of $FUGLE_CORES on $FUGLE_NODES: $(cat $FUGLE_HOSTFILE)"
      ${{{{ launcher }}}} {RANKS}
""")
        self.fugle("run", "w.yaml")
        log = self.log_of("job")
        self.assertIn(f"2 ranks of 2 on 1: {os.uname().nodename} slots=2\n", log)
        self.assertEqual(len(self.ranks_of("job")), 2)

    def test_ends_are_told_apart_and_leave_nothing(self):
        """An abort, a signal and a hang; each once more, and then well."""
        self.workflow(f"""
  abort: {{resources: {{ranks: 2}}, run: [{RANKS}, abort, "42", hang-others]}}
  crash: {{resources: {{ranks: 2}}, run: [{RANKS}, segfault, hang-others]}}
  hang: {{resources: {{ranks: 2}}, run: [{RANKS}, hang], timeout: 3s}}
  again:
    resources: {{ranks: 2}}
    retries: {{max: 1, delay: 0s}}
    run: "if test $FUGLE_ATTEMPT = 1; then ${{{{ launcher }}}} {RANKS} abort 3; else ${{{{ launcher }}}} {RANKS}; fi"
""")
        self.fugle("run", "w.yaml", expect=1)
        ends = {a["element"]: (a["state"], a["class"], a["exit"], a["signal"]) for a in self.attempts()}
        self.assertEqual(ends["abort"][:3], ("FAILED", "error", 42))
        self.assertEqual((ends["crash"][1], ends["crash"][3]), ("signal", 11))
        self.assertEqual(ends["hang"][1], "timeout")
        self.assertEqual(ends["again"][0], "OK")
        self.assertEqual(processes_of(f"FUGLE_RUN_ID={self.run_dir().name}"), [])

    def test_launchers_and_ranks_see_no_variable_of_ours(self):
        """HF-01: below our own ranks of mpirun, what is started hears of no MPI; so a nested mpirun works (HF-03)."""
        self.workflow(f"""
  bare: {{resources: {{ranks: 1}}, launcher: "env RANKS={{ranks}}", run: [env]}}
  nested: {{resources: {{ranks: 3}}, run: [{RANKS}]}}
""")
        self.fugle("run", "w.yaml", "-n", "2", "-j4")
        names = re.findall(r"^((?:OMPI|PMIX|PMI|ORTE|OPAL)_\w+)=", self.log_of("bare"), re.M)
        self.assertEqual([name for name in names if not name.startswith("OMPI_ALLOW_RUN_AS_ROOT")], [])
        self.assertEqual(len(self.ranks_of("nested")), 3)

    def test_a_launcher_of_the_users_own_is_called_with_what_it_asks_for(self):
        launcher = self.write("my launcher", '#!/bin/sh\necho "called: $1 $2 $3 $4"\nshift 4\nexec "$@"\n')
        launcher.chmod(0o755)
        self.workflow(f"""
  a:
    resources: {{ranks: 2, cores: 3}}
    launcher: "'{launcher}' {{ranks}} {{nodes}} {{cores}} {{hostlist}}"
    run: [sh, -c, "echo ran on $FUGLE_CPUS"]
""")
        self.fugle("run", "w.yaml")
        log = self.log_of("a")
        self.assertIn(f"called: 2 1 3 {os.uname().nodename}\n", log)
        self.assertIn("ran on 0-5\n", log)  # who does not say which rank it is has the cores of all

    def test_programs_of_mpich_run_by_its_own_launcher(self):
        mpicc, mpiexec = shutil.which("mpicc.mpich"), shutil.which("mpiexec.mpich") or shutil.which("mpiexec.hydra")
        if not mpicc or not mpiexec:
            print("SKIPPED: MPICH is not installed: a stand-in for its launcher is tested alone", file=sys.stderr)
            self.skipTest("no MPICH")
        self.write("r.c", '#include <mpi.h>\n#include <stdio.h>\n#include <stdlib.h>\nint main(int c, char** v) {'
                          'int r, n; MPI_Init(&c, &v); MPI_Comm_rank(MPI_COMM_WORLD, &r); MPI_Comm_size(MPI_COMM_WORLD, &n);'
                          'printf("rank %d of %d cpus %s\\n", r, n, getenv("FUGLE_CPUS")); MPI_Finalize(); }\n')
        subprocess.run([mpicc, "r.c", "-o", "r"], cwd=self.directory, check=True, timeout=120)
        self.workflow(f"""
  a: {{resources: {{ranks: 2}}, launcher: "{mpiexec} -n {{ranks}} -launcher fork", run: [./r]}}
""")
        self.fugle("run", "w.yaml")
        self.assertEqual(sorted(self.log_of("a").splitlines()), ["rank 0 of 2 cpus 0", "rank 1 of 2 cpus 1"])

    def test_a_launcher_of_the_mpich_family_tells_ranks_their_number(self):
        """MPICH's Hydra says it in MPI_LOCALRANKID."""
        launcher = self.write("hydra", '#!/bin/sh\nn=$2; shift 2\nfor i in $(seq 0 $((n - 1))); do MPI_LOCALRANKID=$i "$@"; done\n')
        launcher.chmod(0o755)
        self.workflow(f"""
  a: {{resources: {{ranks: 2, cores: 2}}, launcher: "{launcher} -n {{ranks}}", run: [sh, -c, "echo on $FUGLE_CPUS"]}}
""")
        self.fugle("run", "w.yaml")
        self.assertEqual(self.log_of("a"), "on 0-1\non 2-3\n")


RECORDING_SRUN = """#!/bin/bash
# A stand-in: prints its list of MPI plugins, else records words and variables and runs the program on each "rank".
if [[ $1 == --mpi=list ]]; then echo 'MPI plugin types are...'; echo none; echo pmix; echo pmi2; exit; fi
{ echo "$0 $*"; env | grep -E '^(SLURM|SRUN|OMPI|PMIX|PMI)_' | sort; } >> "$RECORD"
while [[ $1 == -* ]]; do [[ $1 == --ntasks=* ]] && n=${1#*=}; shift; done
for i in $(seq 0 $((n - 1))); do SLURM_LOCALID=$i SLURM_PROCID=$i "$@" || exit; done
"""


class StepsOfAStandIn(FugleCase):
    """HF-06 and PEER-05: what srun is told, by one that only records it."""

    def test_steps_say_everything_explicitly(self):
        (self.directory / "bin").mkdir()
        self.write("bin/srun", RECORDING_SRUN).chmod(0o755)
        self.environment |= {"PATH": f"{self.directory}/bin:{self.environment['PATH']}", "SLURM_JOB_ID": "17",
                             "SLURM_JOB_NODELIST": os.uname().nodename, "SLURM_JOB_CPUS_PER_NODE": "8",
                             "SLURM_NTASKS": "1", "SLURM_CPUS_PER_TASK": "7", "SLURM_MEM_PER_NODE": "100",
                             "RECORD": str(self.directory / "record"), "HWLOC_SYNTHETIC": EIGHT_CORES}
        self.write("w.yaml", """
version: 1
name: w
tasks:
  step: {resources: {ranks: 2, cores: 3, mem: 100M}, run: [sh, -c, "echo on $FUGLE_CPUS"]}
""")
        self.fugle("run", "w.yaml", "--local")
        record = self.read("record")
        for word in ("--jobid=17", "--nodes=1", "--ntasks=2", "--ntasks-per-node=2", "--cpus-per-task=3", "--exact",
                     "--overlap", "--mem=100M", f"--nodelist={os.uname().nodename}", "--mpi=pmix", "--gres=none",
                     "--job-name=step"):
            self.assertIn(f" {word} ", record)
        self.assertIn("SRUN_CPUS_PER_TASK=3\n", record)
        self.assertNotRegex(record, r"(?m)^SLURM_(NTASKS|CPUS_PER_TASK|MEM_PER_NODE)=")
        self.assertNotRegex(record, r"(?m)^(OMPI|PMIX|PMI)_(?!ALLOW_RUN_AS_ROOT)")
        self.assertEqual(self.fugle("logs", "w", "step").stdout, "on 0-2\non 3-5\n")


if __name__ == "__main__":
    main()
