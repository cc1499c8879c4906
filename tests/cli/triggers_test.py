"""CON-15 and CON-17 without Slurm, or with programs that stand in for it: firings, scrontab, events, runs after runs."""

import os
import stat
import time

from fugle_case import FugleCase, main, poll

NIGHTLY = """
version: 1
name: nightly
triggers:
  - {schedule: "30 2 * * *", timezone: Europe/Berlin}
  - {schedule: "0 */6 * * *"}
tasks:
  a: {run: "true"}
"""
A = """
version: 1
name: first
tasks: {a: {run: "while [ ! -e go ]; do sleep 0.05; done; exit $(cat go)"}}
"""
B = """
version: 1
name: second
tasks: {b: {run: touch ran}}
"""
SBATCH = """#!/bin/bash
printf '%s\\n' "$@" >>"$FAKE/said"; echo -- >>"$FAKE/said"
[ -e "$FAKE/refuse" ] && { echo "sbatch: error: no" >&2; exit 1; }
n=$(( $(cat "$FAKE/count" 2>/dev/null || echo 0) + 1 )); echo $n >"$FAKE/count"; echo $n
"""
SCRONTAB = """#!/bin/bash
case "$1" in
-l) [ -e "$FAKE/table" ] || { echo "no crontab for you" >&2; exit 1; }; cat "$FAKE/table";;
-) cat >"$FAKE/table.new"; mv "$FAKE/table.new" "$FAKE/table";;
esac
"""


class Triggers(FugleCase):
    def stand_in(self, **programs):
        self.fake = self.directory / "fake"
        self.fake.mkdir(exist_ok=True)
        silent = dict.fromkeys(("sinfo", "squeue", "scontrol", "scancel", "sacct"), "#!/bin/bash\nexit 1\n")
        for name, text in (silent | programs).items():
            program = self.fake / name
            program.write_text(text)
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.environment |= {"PATH": f"{self.fake}:{os.environ['PATH']}", "FAKE": str(self.fake)}

    # ---- schedules

    def test_a_listing_has_the_day_of_summer_time_right(self):
        self.write("nightly.yaml", NIGHTLY.replace('  - {schedule: "0 */6 * * *"}\n', ""))
        done = self.fugle("serve", "--dry-run", "--from", "2026-03-28", "--to", "2026-03-31", "nightly.yaml")
        self.assertEqual([line.split("  ")[0] for line in done.stdout.splitlines()],
                         ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z",
                          "2026-03-31T00:30:00Z"])
        self.assertIn("2026-03-29 03:00 +02:00 Europe/Berlin", done.stdout)
        self.assertIn("put forward over its time", done.stdout.splitlines()[1])

    def test_a_listing_of_autumn_says_which_of_two_it_is(self):
        self.write("nightly.yaml", NIGHTLY)
        done = self.fugle("serve", "--dry-run", "--from", "2026-10-25", "--to", "2026-10-25", "nightly.yaml")
        self.assertEqual(len(done.stdout.splitlines()), 5)
        self.assertIn("this minute comes twice; the first", done.stdout)

    def test_a_wrong_listing_is_refused(self):
        self.write("nightly.yaml", NIGHTLY)
        self.assertIn("no day", self.fugle("serve", "--dry-run", "--from", "2026-02-30", "--to", "2026-03-01",
                                           "nightly.yaml", expect=2).stderr)
        self.assertIn("before", self.fugle("serve", "--dry-run", "--from", "2026-03-02", "--to", "2026-03-01",
                                           "nightly.yaml", expect=2).stderr)

    def test_a_wrong_field_is_shown_at_its_column(self):
        self.write("w.yaml", NIGHTLY.replace("30 2 * *", "30 25 * *"))
        self.assertIn("w.yaml:5:20: error E112: hour '25' in 'schedule' is not in 0..23",
                      self.fugle("validate", "w.yaml", expect=2).stderr)

    def test_scrontab_gets_an_entry_and_loses_it_again(self):
        self.stand_in(scrontab=SCRONTAB, sbatch=SBATCH)
        (self.fake / "table").write_text("0 1 * * * mine\n")
        self.environment["TZ"] = "UTC"
        self.write("w.yaml", NIGHTLY.replace(", timezone: Europe/Berlin", ""))
        self.assertIn("by scrontab", self.fugle("submit", "w.yaml").stdout)
        table = (self.fake / "table").read_text()
        self.assertTrue(table.startswith("0 1 * * * mine\n"))
        self.assertRegex(table, r"30 2 \* \* \* \S+fugle serve --once \S+/w.yaml --runs-dir \S+\n")
        self.fugle("submit", "w.yaml")
        self.assertEqual((self.fake / "table").read_text(), table, "again changes nothing")
        self.assertIn("nightly: next", self.fugle("history").stdout)
        self.fugle("submit", "--unschedule", "w.yaml")
        self.assertEqual((self.fake / "table").read_text(), "0 1 * * * mine\n")
        self.assertNotIn("nightly", self.fugle("history").stdout)

    def test_a_schedule_on_other_clocks_is_a_chain_of_jobs(self):
        self.stand_in(scrontab=SCRONTAB, sbatch=SBATCH, scancel="#!/bin/bash\necho $1 >>$FAKE/cancelled\n")
        self.environment["TZ"] = "UTC"
        self.write("w.yaml", NIGHTLY)
        self.assertIn("by job 1", self.fugle("submit", "w.yaml").stdout)
        words = (self.fake / "said").read_text().splitlines()
        self.assertTrue(any(word.startswith("--begin=now+") for word in words), words)
        self.assertFalse((self.fake / "table").exists())
        self.assertIn("by job 2", self.fugle("submit", "w.yaml").stdout)
        self.assertEqual((self.fake / "cancelled").read_text(), "1\n", "no two chains")
        self.write("sub/w.yaml", NIGHTLY)
        self.assertIn("scheduled already", self.fugle("submit", "sub/w.yaml", expect=5).stderr)

    def test_serve_once_submits_what_is_due_once(self):
        self.stand_in(sbatch=SBATCH)
        self.write("w.yaml", NIGHTLY)
        self.fugle("submit", "w.yaml")
        path = next(self.directory.glob(".fugle/schedules/nightly.json"))
        record = path.read_text()
        self.assertIn("handled_ns", record)
        import json
        fields = json.loads(record)
        fields["handled_ns"] -= int(48 * 3600 * 1e9)
        path.write_text(json.dumps(fields))
        done = self.fugle("serve", "--once", "w.yaml")
        runs = [row for row in self.json_of("history") if row["workflow"] == "nightly"]
        self.assertEqual(len(runs), len({row["event"] for row in runs}), done.stdout)
        self.assertIn(len(runs), (1, 2), "the latest of each schedule; they may be the same")
        self.assertRegex(runs[0]["event"], r"^schedule:\d{4}-\d\d-\d\dT\d\d:\d\d:00Z$")
        self.assertRegex(done.stdout, r"\d+ of nightly were missed")
        path.write_text(json.dumps(fields))
        self.assertIn("already handled", self.fugle("serve", "--once", "w.yaml").stdout)
        self.assertEqual(len(self.json_of("history")), len(runs))

    def test_an_event_starts_one_run(self):
        self.stand_in(sbatch=SBATCH)
        self.write("b.yaml", B)
        self.fugle("submit", "b.yaml", "--event", "obs-17")
        self.assertIn("already handled", self.fugle("submit", "b.yaml", "--event", "obs-17", expect=5).stderr)
        self.assertEqual([row["event"] for row in self.json_of("history")], ["obs-17"])
        self.assertIn("event obs-17", self.fugle("history").stdout)

    def test_an_event_that_could_not_be_submitted_is_free_again(self):
        self.stand_in(sbatch=SBATCH)
        self.write("b.yaml", B)
        (self.fake / "refuse").touch()
        self.fugle("submit", "b.yaml", "--event", "obs-18", expect=3)
        (self.fake / "refuse").unlink()
        self.fugle("submit", "b.yaml", "--event", "obs-18")

    # ---- after another run

    def start_first(self):
        self.write("a.yaml", A)
        process = self.start("run", "a.yaml", "--local")
        self.wait_for_run()
        poll(lambda: self.status()["state"] == "RUNNING", what="the run")
        return process

    def end_first(self, process, code):
        (self.directory / "draft").write_text(str(code))
        (self.directory / "draft").rename(self.directory / "go")
        process.communicate(timeout=60)

    def test_run_waits_for_another_run(self):
        first = self.start_first()
        self.write("b.yaml", B)
        second = self.start("run", "b.yaml", "--local", "--after", "first")
        time.sleep(2)
        self.assertFalse((self.directory / "ran").exists())
        self.end_first(first, 0)
        output, _ = second.communicate(timeout=120)
        self.assertEqual(second.returncode, 0, output)
        self.assertIn("waits: first-", output)
        self.assertTrue((self.directory / "ran").exists())

    def test_run_does_not_begin_when_the_other_failed(self):
        self.end_first(self.start_first(), 1)
        self.write("b.yaml", B)
        done = self.fugle("run", "b.yaml", "--local", "--after", "first", expect=1)
        self.assertRegex(done.stderr, r"not run: first-\S+ ended FAILED, wanted ok")
        self.assertFalse((self.directory / "ran").exists())
        self.fugle("run", "b.yaml", "--local", "--after", "first:failed")
        self.assertTrue((self.directory / "ran").exists())

    def test_what_was_submitted_is_cancelled_with_the_reason_when_the_other_failed(self):
        self.end_first(self.start_first(), 1)
        self.stand_in(sbatch=SBATCH)
        self.write("b.yaml", B + "triggers: [{run: first}]\n")
        self.fugle("submit", "b.yaml")
        self.environment["SLURM_JOB_ID"] = "1"
        done = self.fugle("resume", "second", "--local", expect=1)  # as its job does
        del self.environment["SLURM_JOB_ID"]
        self.assertRegex(done.stderr, r"not run: first-\S+ ended FAILED, wanted ok")
        self.assertEqual(self.json_of("status", "second")["state"], "CANCELLED")
        self.assertRegex(self.fugle("history").stdout, r"CANCELLED.*second-.*\(not run: first-\S+ ended FAILED, wanted ok\)")
        self.fugle("doctor", "second")
        (self.directory / "go").write_text("0")
        self.fugle("resume", "first", "--local")
        self.fugle("resume", "second", "--local")
        self.assertTrue((self.directory / "ran").exists(), "resumed once the other is OK")

    def test_there_has_to_be_a_run_to_wait_for(self):
        self.stand_in(sbatch=SBATCH)
        self.write("b.yaml", B)
        self.assertIn("no run of 'nobody'", self.fugle("submit", "b.yaml", "--after", "nobody", expect=2).stderr)
        self.assertIn("one of ok, failed, done",
                      self.fugle("submit", "b.yaml", "--after", "nobody:good", expect=2).stderr)

    def test_the_dependency_names_all_jobs_of_the_other_run(self):
        self.stand_in(sbatch=SBATCH)
        self.write("a.yaml", A)
        self.fugle("submit", "a.yaml")
        self.write("b.yaml", B)
        self.fugle("submit", "b.yaml", "--after", "first:done")
        self.assertIn("--dependency=afterany:1", (self.fake / "said").read_text())


if __name__ == "__main__":
    main()
