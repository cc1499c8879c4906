"""rerun: a new run of what an earlier one ran, as its file was then; what is kept did not run, and says so."""

import hashlib
import os

from fugle_case import FugleCase, main

CHAIN = """
version: 1
name: chain
params: {word: {type: string, default: salt}}
tasks:
  raw: {inputs: {seed: data/seed}, outputs: {o: out/raw}, run: "echo raw >> ran; cat data/seed > ${{ outputs.o }}"}
  half:
    matrix: {i: [1, 2, 3]}
    inputs: {r: "${{ tasks.raw.outputs.o }}"}
    outputs: {o: "out/half${{ matrix.i }}"}
    run: |
      echo half${{ matrix.i }} >> ran
      test ${{ matrix.i }} -ne 2 || test -e go
      echo ${{ params.word }} ${{ matrix.i }} | cat ${{ inputs.r }} - > ${{ outputs.o }}
  sum: {needs: [half], outputs: {o: out/sum}, run: "echo sum >> ran; cat out/half* > ${{ outputs.o }}"}
"""

LISTED = """
version: 1
name: listed
tasks:
  names: {run: "echo names >> ran; echo 'l=[\\"a\\", \\"b\\", \\"c\\"]' >> $FUGLE_OUTPUT", outputs: {l: {type: json}}}
  never: {needs: [names], when: "len(tasks.names.outputs.l) > 9", run: "echo never >> ran"}
  work:
    foreach: "${{ tasks.names.outputs.l }}"
    run: "echo ${{ item }} >> ran; test ${{ item }} != b || test -e go; echo v=${{ item }}${{ item }} >> $FUGLE_OUTPUT"
    outputs: {v: {type: value}}
  after: {run: "echo ${{ q(tasks.work.outputs.v) }} > after; echo after >> ran"}
finally:
  end: {run: "echo end >> ran"}
"""


class Rerun(FugleCase):
    def ran(self):
        """What has run since the last look."""
        path = self.directory / "ran"
        lines = path.read_text().split() if path.exists() else []
        path.write_text("")
        return sorted(lines)

    def failed_chain(self):
        self.write("data/seed", "seed\n")
        self.write("chain.yaml", CHAIN)
        self.fugle("run", "chain.yaml", "--local", "-j", "2", expect=1)
        self.assertEqual(self.ran(), ["half1", "half2", "half3", "raw"])
        self.write("go", "")

    def test_all_is_the_default_and_a_run_of_its_own(self):
        self.failed_chain()
        old = self.run_dir().name
        self.fugle("rerun", old, "--local")
        self.assertEqual(self.ran(), ["half1", "half2", "half3", "raw", "sum"])
        runs = self.json_of("history")
        self.assertEqual([r["state"] for r in runs], ["OK", "FAILED"])

    def test_failed_keeps_what_was_ok(self):
        self.failed_chain()
        said = self.fugle("rerun", "--failed", "--local").stderr
        self.assertIn("2 elements to run: half[2] sum; 3 kept", said)
        self.assertEqual(self.ran(), ["half2", "sum"])
        self.assertEqual(self.read("out/sum"), "seed\nsalt 1\nseed\nsalt 2\nseed\nsalt 3\n")
        self.assertEqual(self.status()["counts"]["ok"], 5)
        self.assertEqual(self.status()["state"], "OK")

    def test_nothing_failed_is_said_and_makes_no_run(self):
        self.write("w.yaml", "version: 1\nname: w\ntasks: {a: {run: 'true'}}\n")
        self.fugle("run", "w.yaml")
        self.assertIn("nothing to run again", self.fugle("rerun", "--failed").stdout)
        self.assertEqual(len(self.json_of("history")), 1)

    def test_what_has_lost_its_file_runs_again_with_what_needs_it(self):
        self.failed_chain()
        self.fugle("rerun", "--failed", "--local")
        self.ran()
        os.remove(self.directory / "out/half3")
        self.fugle("rerun", "--failed", "--local")
        self.assertEqual(self.ran(), ["half3", "sum"])

    def test_from_a_task(self):
        self.failed_chain()
        self.fugle("rerun", "--all", "--local")
        self.ran()
        self.fugle("rerun", "--from", "half", "--local")
        self.assertEqual(self.ran(), ["half1", "half2", "half3", "sum"])
        self.fugle("rerun", "--from", "half[1]", "--local")
        self.assertEqual(self.ran(), ["half1", "sum"])

    def test_one_element_only(self):
        self.failed_chain()
        self.fugle("rerun", "--all", "--local")
        self.ran()
        self.fugle("rerun", "--element", "half[3]", "--local")
        self.assertEqual(self.ran(), ["half3"])

    def test_the_file_as_it_was_with_its_parameters(self):
        self.write("data/seed", "seed\n")
        self.write("go", "")
        self.write("more.yaml", "word: pepper\n")
        self.write("chain.yaml", CHAIN)
        self.fugle("run", "chain.yaml", "--params-file", "more.yaml")
        self.write("chain.yaml", "version: 1\nname: chain\ntasks: {a: {run: 'false'}}\n")
        os.remove(self.directory / "more.yaml")
        self.fugle("rerun")
        self.assertIn("pepper 2", self.read("out/half2"))

    def test_into_another_directory_gives_the_same_bytes(self):
        self.failed_chain()
        self.fugle("rerun", "--all", "--local")
        digest = {p: hashlib.sha256(self.read(f"out/{p}").encode()).hexdigest()
                  for p in ("raw", "half1", "half2", "half3", "sum")}
        (self.directory / "there").mkdir()
        self.write("there/go", "")
        self.ran()
        before = {p: (self.directory / "out" / p).stat().st_mtime_ns for p in digest}
        said = self.fugle("rerun", "--all", "--into", "there", "--local")
        self.assertIn("1 input of", said.stderr)
        self.assertEqual(self.ran(), [], "it ran where the first one did")
        for name, wanted in digest.items():
            self.assertEqual(hashlib.sha256(self.read(f"there/out/{name}").encode()).hexdigest(), wanted)
            self.assertEqual((self.directory / "out" / name).stat().st_mtime_ns, before[name])

    def test_into_never_writes_over_the_old_outputs(self):
        self.write("w.yaml", f"version: 1\nname: w\ntasks: {{a: {{run: 'date > ${{{{ outputs.o }}}}', "
                             f"outputs: {{o: {self.directory}/x}}}}}}\n")
        self.fugle("run", "w.yaml")
        self.assertIn("relative", self.fugle("rerun", "--into", "there", expect=2).stderr)
        self.assertEqual(len(self.json_of("history")), 1)

    def test_lists_known_only_while_running_conditions_and_values_are_kept(self):
        self.write("l.yaml", LISTED)
        self.fugle("run", "l.yaml", "--local", expect=1)
        self.assertEqual(self.ran(), ["a", "b", "c", "end", "names"])
        self.write("go", "")
        said = self.fugle("rerun", "--failed", "--local").stderr
        self.assertIn("work[b]", said)
        self.assertEqual(self.ran(), ["after", "b", "end"])
        self.assertEqual(self.read("after"), "aa bb cc\n")
        self.assertEqual(self.status()["state"], "OK")
        self.fugle("rerun", "--from", "names", "--local")
        self.assertEqual(self.ran(), ["a", "after", "b", "c", "end", "names"])

    def test_a_rerun_of_a_rerun(self):
        self.failed_chain()
        self.fugle("rerun", "--failed", "--local")
        self.ran()
        self.fugle("rerun", "--from", "sum", "--local")
        self.assertEqual(self.ran(), ["sum"])
        self.assertIn("sound", self.fugle("doctor", self.run_dir().name).stdout.lower())

    def test_over_ranks(self):
        self.failed_chain()
        self.fugle("rerun", "--failed", "-n", "2", "-j", "1")
        self.assertEqual(self.ran(), ["half2", "sum"])
        self.fugle("rerun", "--from", "sum", prefix=self.mpirun(2))
        self.assertEqual(self.ran(), ["sum"])

    def test_lines(self):
        self.write("cmds", "echo one >> ran\necho two >> ran; test -e go\n")
        self.fugle("run", "--lines", "cmds", expect=1)
        self.assertEqual(self.ran(), ["one", "two"])
        self.write("go", "")
        self.write("cmds", "echo other >> ran\n")
        self.fugle("rerun", "--failed")
        self.assertEqual(self.ran(), ["two"])

    def test_misuse(self):
        self.write("w.yaml", "version: 1\nname: w\ntasks: {apple: {run: 'true'}}\n")
        self.assertIn("fugle run", self.fugle("rerun", expect=2).stderr)
        self.fugle("run", "w.yaml")
        self.assertIn("leave one out", self.fugle("rerun", "--all", "--failed", expect=2).stderr)
        self.assertIn("apple", self.fugle("rerun", "--from", "appel", expect=2).stderr)
        self.assertIn("leave the other out", self.fugle("rerun", "--failed", "--into", "d", expect=2).stderr)
        self.assertIn("no option", self.fugle("rerun", "--form", "x", expect=2).stderr)
        self.assertEqual(len(self.json_of("history")), 1, "nothing was made")


if __name__ == "__main__":
    main()
