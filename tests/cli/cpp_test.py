"""Programs of the C++ API: complete fugles, with functions as tasks, values between ranks, and a resume."""

import math
import os
import pathlib
import signal
import subprocess

from fugle_case import FUGLE, FugleCase, main, poll

PROGRAMS = pathlib.Path(FUGLE).parent
HOSTS = f"{os.uname().nodename} slots=1\n127.0.1.2 slots=1\n"
FAKE_NODE = pathlib.Path(os.environ["FUGLE_SOURCE_DIR"]) / "tests/mpi/fake_node.sh"


def integral():
    """Of the example's function: the peak in closed form, the waves by Simpson's rule in 1/x."""
    peak = math.atan(0.7e3) + math.atan(0.3e3)
    low, high, count = 1 / 1.02, 1 / 0.02, 200_000
    step = (high - low) / count
    waves = sum((4 if i % 2 else 2 if 0 < i < count else 1) * math.sin(low + i * step) / (low + i * step) ** 2
                for i in range(count + 1)) * step / 3
    return peak + waves


class CppCase(FugleCase):
    def program(self, name, *args, case=None, expect=0, prefix=(), timeout=240):
        if case is not None:
            self.environment["CPP_CASE"] = case
        done = subprocess.run([*prefix, PROGRAMS / name, *map(str, args)], cwd=self.directory, env=self.environment,
                              text=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout)
        if expect is not None:
            self.assertEqual(done.returncode, expect, f"{name} {args}\n{done.stdout}{done.stderr}")
        return done

    def start_program(self, name, *args, case=None):
        if case is not None:
            self.environment["CPP_CASE"] = case
        process = subprocess.Popen([PROGRAMS / name, *map(str, args)], cwd=self.directory, env=self.environment,
                                   text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        self.addCleanup(self._end, process)
        return process

    def lines(self, name):
        path = self.directory / name
        return len(path.read_text()) if path.exists() else 0


class Examples(CppCase):
    def test_the_diamond_runs_here_and_over_ranks(self):
        self.program("cpp_diamond")
        self.assertEqual(self.read("diamond.txt"), "mean 0.0075\nmax 1.0000\n")
        self.program("cpp_diamond", prefix=self.mpirun(4))
        self.program("cpp_diamond", "-n", 2)
        self.assertEqual(self.status()["state"], "OK")
        self.assertEqual(set(self.states().values()), {"OK"})

    def test_a_program_has_the_verbs_of_fugle(self):
        self.program("cpp_diamond", "validate")
        self.assertIn("critical path", self.program("cpp_diamond", "plan").stdout)
        self.assertIn("of bound", self.program("cpp_diamond", "simulate", "--alloc", "nodes=1,cores=2").stdout)
        self.assertIn("resume", self.program("cpp_diamond", "help").stdout)
        self.program("cpp_diamond", "run", "-j", 2)
        self.assertIn("OK", self.program("cpp_diamond", "status").stdout)
        self.program("cpp_diamond", "validate", "--bogus", expect=2)

    def test_a_printed_workflow_is_a_file_whose_functions_fugle_has_not(self):
        text = self.program("cpp_diamond", "--print").stdout
        self.fugle("validate", "-", stdin=text)
        done = self.fugle("run", "-", stdin=text, expect=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("run that one", done.stderr + self.fugle("why", "samples", expect=None).stdout)

    def test_the_quadrature_finds_its_work_while_it_runs_over_ranks(self):
        for prefix in ((), self.mpirun(4)):
            self.program("cpp_quadrature", prefix=prefix)
            value, _, calls, _ = self.read("integral.txt").split()
            self.assertAlmostEqual(float(value), integral(), delta=1e-8)
            self.assertGreater(int(calls), 1000)
            (self.directory / "integral.txt").unlink()


class Functions(CppCase):
    def test_an_exception_fails_the_attempt_and_a_resume_takes_the_values_that_were_kept(self):
        done = self.program("cpp_program", case="failing", expect=1)
        self.assertIn("not fixed yet", done.stderr)
        self.assertEqual({e: s for e, s in self.states().items() if e != "c"}, {"a": "OK", "b": "FAILED"})
        self.write("fixed", "")
        self.program("cpp_program", "resume")
        self.assertEqual(self.states(), {"a": "OK", "b": "OK", "c": "OK"})
        self.assertEqual(self.lines("source.calls"), 1, "the value of a was kept")

    def test_a_function_that_exceeds_its_timeout_is_asked_to_end(self):
        self.program("cpp_program", case="timeout", expect=1)
        self.assertEqual(self.attempts()[0]["class"], "timeout")

    def test_an_interrupted_program_ends_its_functions_and_goes_on_later(self):
        process = self.start_program("cpp_program", "-j", 2, case="gates")
        self.wait_for("begun")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
        self.assertEqual(process.returncode, 4)
        self.write("go", "")
        self.program("cpp_program", "resume")
        self.assertEqual(set(self.states().values()), {"OK"})

    def test_large_values_go_from_rank_to_rank(self):
        self.program("cpp_program", "-n", 3, "-j", 1, case="large")
        self.assertTrue((self.directory / "all.good").exists())
        kept = sum(file.stat().st_size for file in self.run_dir().glob("values/*"))
        self.assertLess(kept, 100_000, "they are not written to the disk")

    def test_a_value_that_was_lost_with_the_process_is_made_again(self):
        process = self.start_program("cpp_program", "-j", 2, case="lost")
        self.wait_for("begun")
        poll(lambda: self.states().get("small") == "OK", what="the journal")
        process.kill()
        process.communicate(timeout=60)
        self.write("go", "")
        self.program("cpp_program", "resume")
        self.assertEqual(set(self.states().values()), {"OK"})
        self.assertEqual(self.lines("large.calls"), 2)
        self.assertEqual(self.lines("source.calls"), 1)
        events = self.fugle("history", "--events").stdout
        self.assertIn("the result of large is gone and needed", events)

    def test_workers_on_two_nodes_call_a_function_together(self):
        if subprocess.run(["unshare", "-Ur", "--uts", "true"], capture_output=True).returncode != 0:
            self.skipTest("no namespaces of hosts here: two nodes can not be played")
        self.environment |= {"OMPI_MCA_plm_rsh_agent": str(FAKE_NODE),
                             "OMPI_MCA_orte_default_hostfile": str(self.write("hosts", HOSTS))}
        self.program("cpp_program", "-n", 2, "-j", 1, case="party")
        self.assertEqual(self.states(), {"sum": "OK", "print": "OK"})


if __name__ == "__main__":
    main()
