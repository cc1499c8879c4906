"""Kills whatever makes up a run - the whole job, a worker, the head, spawners, mpirun, several at once - at random moments
of a fan-out over four ranks, and resumes until it is done.

Each task appends a line to a ledger when it really ends. After each life, from the journal and the ledger: nothing that
was acknowledged before is lost, nothing that was acknowledged runs again, no element has two OK, no process of the run
outlives it, the exit code is one of the table, and nobody unlocks anything.

FUGLE_DRILL_ROUNDS and FUGLE_DRILL_SEED choose the number of rounds and their seed.
"""

import collections
import json
import os
import random
import signal
import subprocess
import time

from fugle_case import FugleCase, main, poll, processes_of

ROUNDS = int(os.environ.get("FUGLE_DRILL_ROUNDS", "12"))
SEED = int(os.environ.get("FUGLE_DRILL_SEED", str(random.SystemRandom().randrange(1 << 30))))
WIDTH = int(os.environ.get("FUGLE_DRILL_WIDTH", "200"))
RANKS = 4
# Weighted: what the front-end survives is the interesting part.
VICTIMS = ["job", "job but the tasks", "worker", "worker", "two workers", "head", "head", "spawner of a worker",
           "spawner of the head", "mpirun", "head and a worker", "head and mpirun", "spawners", "front-end"]

WORKFLOW = f"""
version: 1
name: drill
tasks:
  split: {{run: 'echo "split" >> ledger'}}
  work:
    needs: [split]
    matrix: {{i: "1..{WIDTH}"}}
    retries: {{max: 3, delay: 0s}}
    outputs: {{o: "out/${{{{ matrix.i }}}}"}}
    run: |
      case $((FUGLE_MATRIX_i % 20)) in 0) sleep 0.3 ;; 1) sleep 60 & disown ;; 2) sleep 0.05 ;; esac
      echo $FUGLE_MATRIX_i > $FUGLE_OUT_o
      echo "work[$FUGLE_MATRIX_i]" >> ledger
  merge:
    inputs: {{all: "${{{{ tasks.work.outputs.o }}}}"}}
    run: 'xargs cat < $FUGLE_IN_all | wc -l > merged; echo "merge" >> ledger'
"""


def processes():
    """{pid: (parent, name)} of all there are."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as stat:
                    head, _, rest = stat.read().rpartition(")")
                    found[int(entry)] = (int(rest.split()[1]), head.partition("(")[2])
            except OSError:
                pass
    return found


def tree_of(pid):
    """The processes below pid, itself first, with their names."""
    known = processes()
    children = collections.defaultdict(list)
    for child, (parent, _) in known.items():
        children[parent].append(child)
    found, open_pids = [], [pid]
    while open_pids:
        current = open_pids.pop()
        if current in known:
            found.append((current, known[current][1]))
        open_pids += children[current]
    return found


def rank_of(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as environ:
            for variable in environ.read().split(b"\0"):
                if variable.startswith(b"OMPI_COMM_WORLD_RANK="):
                    return int(variable.partition(b"=")[2])
    except OSError:
        pass
    return None


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Parts:
    """The processes of a run that was started by process."""

    def __init__(self, process):
        tree = tree_of(process.pid)
        self.everything = [pid for pid, _ in tree]
        self.ours = [pid for pid, name in tree if name in ("fugle", "fugle-spawner", "mpirun")]
        self.front_end = [process.pid]
        self.mpirun = [pid for pid, name in tree if name == "mpirun"]
        ranks = {rank_of(pid): pid for pid, name in tree if name == "fugle" and pid != process.pid}
        ranks.pop(None, None)
        self.head = [ranks[0]] if 0 in ranks else []
        self.workers = [pid for rank, pid in sorted(ranks.items()) if rank != 0]
        spawners = {rank_of(pid): pid for pid, name in tree if name == "fugle-spawner"}
        self.head_spawner = [spawners[0]] if 0 in spawners else []
        self.worker_spawners = [pid for rank, pid in sorted(spawners.items(), key=str) if rank not in (0, None)]

    def chosen(self, victim, numbers):
        def some(pids, count):
            return numbers.sample(pids, min(count, len(pids)))
        return {"job": self.everything, "job but the tasks": self.ours, "worker": some(self.workers, 1),
                "two workers": some(self.workers, 2), "head": self.head,
                "spawner of a worker": some(self.worker_spawners, 1), "spawner of the head": self.head_spawner,
                "mpirun": self.mpirun, "head and a worker": self.head + some(self.workers, 1),
                "head and mpirun": self.head + self.mpirun, "spawners": self.head_spawner + self.worker_spawners,
                "front-end": self.front_end}[victim]


class KillDrill(FugleCase):
    def one_round(self, numbers):
        self.setUp()
        self.write("drill.yaml", WORKFLOW)
        self.acknowledged = {}  # element: lines in the ledger when it was seen to be OK
        self.may_have_litter = False
        story = []
        for life in range(15):
            arguments = ["resume"] if self.has_run() else ["run", "drill.yaml"]
            process = self.start(*arguments, "-n", RANKS, "-j1")
            kills = 0 if life > 5 else numbers.choice([1, 1, 1, 2, 3])
            victims = self.kill_some(process, kills, numbers)
            story.append(victims)
            output = self.wait_for_end(process, story)
            if not self.has_run():
                continue  # killed before there was anything
            self.check(process.returncode, victims, output, story)
            if self.status()["state"] == "OK":
                break
        else:
            self.fail(f"did not end in 15 lives\n{story}\n{output}")
        self.assertEqual(len(self.acknowledged), WIDTH + 2, story)
        self.assertEqual(self.read("merged").strip(), str(WIDTH))
        self.expect_no_processes(story)
        self.assertIn("nothing to do", self.fugle("resume").stdout)
        return story

    def kill_some(self, process, count, numbers):
        victims = []
        for _ in range(count):
            victim = numbers.choice(VICTIMS)
            moment = time.monotonic() + numbers.uniform(0.1, 1.5)
            while time.monotonic() < moment and process.poll() is None:
                time.sleep(0.005)
            if process.poll() is not None:
                break
            if self.has_run():
                self.remember_acknowledged()
            kill(Parts(process).chosen(victim, numbers))
            victims.append(victim)
        return victims

    def ledger(self):
        try:
            return collections.Counter(self.read("ledger").split())
        except FileNotFoundError:
            return collections.Counter()

    def ok_now(self):
        done = self.fugle("history", "--attempts", "--json", expect=None)
        return [a["element"] for a in json.loads(done.stdout) if a["state"] == "OK"] if done.returncode == 0 else []

    def remember_acknowledged(self):
        """What the journal says to be OK now has ended, and must never run again."""
        ok = self.ok_now()
        lines = self.ledger()
        for element in ok:
            self.acknowledged.setdefault(element, lines[element])

    def wait_for_end(self, process, story):
        try:
            output, _ = process.communicate(timeout=120)
            return output
        except subprocess.TimeoutExpired:
            tree = "\n".join(map(str, tree_of(process.pid)))
            self.fail(f"does not end: {story}\n{tree}")

    def check(self, code, victims, output, story):
        said = f"{story}, exit {code}\n{output}"
        ok = self.ok_now()
        self.assertEqual(len(ok), len(set(ok)), f"an element has two OK: {said}")
        self.assertLessEqual(set(self.acknowledged), set(ok), f"an acknowledged completion was lost: {said}")
        lines = self.ledger()
        again = {e: (n, lines[e]) for e, n in self.acknowledged.items() if lines[e] > n}
        self.assertEqual(again, {}, f"acknowledged, and run again: {said}")
        self.remember_acknowledged()
        is_front_end_dead = any(v in ("job", "job but the tasks", "front-end") for v in victims)
        self.assertIn(code, (0, 3, 4, -9) if is_front_end_dead else (0, 3, 4), said)
        # When the spawners die too, nobody is left to end the tasks' own children before the next life does.
        self.may_have_litter = is_front_end_dead or (self.may_have_litter and bool(victims))
        if not self.may_have_litter:
            self.expect_no_processes(story)

    def has_run(self):
        return any(self.directory.glob(".fugle/*/run.json"))

    def expect_no_processes(self, story):
        run_id = self.run_dir().name
        poll(lambda: not processes_of(f"FUGLE_RUN_ID={run_id}"), 20, f"the end of all processes after {story}")

    def test_nothing_is_lost_and_nothing_runs_again_whatever_is_killed(self):
        print(f"seed {SEED}, {ROUNDS} rounds", flush=True)
        numbers = random.Random(SEED)
        lives = 0
        kills = collections.Counter()
        for number in range(ROUNDS):
            started = time.monotonic()
            story = self.one_round(numbers)
            lives += len(story)
            kills.update(v for victims in story for v in victims)
            print(f"round {number + 1}: {len(story)} lives, {time.monotonic() - started:.1f} s", flush=True)
        print(f"{ROUNDS} rounds, {lives} lives, {sum(kills.values())} kills: {dict(kills)}", flush=True)


if __name__ == "__main__":
    main()
