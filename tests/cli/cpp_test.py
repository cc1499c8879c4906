"""Programs of the C++ API: complete fugles, with functions as tasks, values between ranks, and a resume."""

import json
import math
import os
import pathlib
import re
import shutil
import signal
import subprocess

from fugle_case import FUGLE, FugleCase, main, poll

BUILD = pathlib.Path(FUGLE).resolve().parent.parent
SOURCE = pathlib.Path(os.environ["FUGLE_SOURCE_DIR"])
PROGRAMS = pathlib.Path(FUGLE).parent
HOSTS = f"{os.uname().nodename} slots=1\n127.0.1.2 slots=1\n"
FAKE_NODE = SOURCE / "tests/mpi/fake_node.sh"


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

    def test_the_diamond_takes_thirty_lines(self):
        text = re.sub(r"//.*", "", (SOURCE / "examples/cpp_diamond/diamond.cpp").read_text())
        self.assertLessEqual(sum(bool(line.strip()) for line in text.splitlines()), 30)

    def test_the_diamond_runs_where_there_is_no_mpi(self):
        self.environment["PATH"] = str(self.directory / "bin")
        (self.directory / "bin").mkdir()
        for tool in ("cat", "bash", "sh"):
            (self.directory / "bin" / tool).symlink_to(shutil.which(tool))
        self.program("cpp_diamond", "--local")
        self.assertEqual(self.read("diamond.txt"), "mean 0.0075\nmax 1.0000\n")
        self.assertIn("mpirun of Open MPI is not in PATH", self.program("cpp_diamond", "-n", 2, expect=3).stderr)

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


class Mistakes(CppCase):
    def test_all_are_told_at_once_with_their_places_in_the_program(self):
        lines = (SOURCE / "tests/cli/cpp_program.cpp").read_text().splitlines()
        begin = next(i for i, line in enumerate(lines) if "void add_mistakes(" in line)
        place = {}
        for number, line in enumerate(lines[begin:], begin + 1):
            for said in ("map(\"three\"", "function(\"two\"", "command(\"late\"", "command(\"second\"", "first.needs",
                         "slurm.nodse"):
                if said in line:
                    place.setdefault(said, number)
        expected = [("E208", "map(\"three\"", "'three' goes over 3 values and over the 2 elements of 'two'"),
                    ("E102", "function(\"two\"", "a second task 'two' (first at "),
                    ("E109", "command(\"late\"", "180 has no unit"),
                    ("E202", "command(\"late\"", "nowhere"),
                    ("E201", "first.needs", "cycle "),
                    ("E103", "slurm.nodse", "unknown key 'nodse'")]
        for args in (["validate"], ["plan"], [], ["-n", 2], ["submit"]):
            said = self.program("cpp_program", *args, case="mistakes", expect=2).stderr
            for code, where, text in expected:
                self.assertRegex(said, rf"cpp_program\.cpp:{place[where]}:\d+: error {code}: .*{re.escape(text)}")
            self.assertEqual(said.count("error E208"), 1, said)
        self.assertFalse((self.directory / ".fugle").exists(), "nothing was started")
        found = json.loads(self.program("cpp_program", "validate", "--json", case="mistakes", expect=2).stdout)
        self.assertEqual({entry["line"] for entry in found}, {place[where] for _, where, _ in expected})

    def test_a_mistake_hinders_a_resume_and_what_is_printed_but_not_what_only_reads(self):
        for args in (["resume"], ["--print"]):
            self.assertIn("error E208", self.program("cpp_program", *args, case="mistakes", expect=2).stderr)
        self.assertIn("resume", self.program("cpp_program", "help", case="mistakes").stdout)


class OutOfTree(CppCase):
    parent_directory = BUILD
    PROJECT = f"""\
cmake_minimum_required(VERSION 3.16)
project(Mine LANGUAGES CXX)
find_package(Fugleman REQUIRED COMPONENTS fugle)
find_package(MPI REQUIRED COMPONENTS CXX)
add_executable(mine {SOURCE}/tests/cli/cpp_program.cpp)
target_link_libraries(mine PRIVATE Fugleman::fugle MPI::MPI_CXX)
"""

    def run_tool(self, *words):
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=600,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def build(self, source, folder):
        self.run_tool("cmake", "-S", source, "-B", folder, f"-DCMAKE_PREFIX_PATH={self.directory / 'an installation'}")
        self.run_tool("cmake", "--build", folder)

    def run_in(self, folder, *words, expect=0):
        done = subprocess.run([str(word) for word in words], cwd=folder, env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=240)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def test_programs_are_linked_with_an_installation_that_was_moved_and_find_its_helpers(self):
        first, installed = self.directory / "first", self.directory / "an installation"
        for component in ("program", "headers", "library"):
            self.run_tool("cmake", "--install", BUILD, "--prefix", first, "--component", component)
        first.rename(installed)
        self.build(SOURCE / "examples/cpp_diamond", self.directory / "diamond")
        self.write("project/CMakeLists.txt", self.PROJECT)
        self.build(self.directory / "project", self.directory / "built")
        diamond, mine = self.directory / "diamond/bin/cpp_diamond", self.directory / "built/mine"
        folders = [pathlib.Path(folder) for folder in self.environment["PATH"].split(":")]
        self.assertFalse([folder for folder in folders if (folder / "fugle").exists()])

        for number, words in enumerate(([diamond, "--local"], [*self.mpirun(4), diamond], [diamond, "-n", 4])):
            folder = self.directory / f"run{number}"
            folder.mkdir()
            self.run_in(folder, *words)
            self.assertEqual((folder / "diamond.txt").read_text(), "mean 0.0075\nmax 1.0000\n")

        self.environment["CPP_CASE"] = "lost"
        process = subprocess.Popen([mine, "-n", "2", "-j", "1", "--restart-lost", "0"], cwd=self.directory,
                                   env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
        self.addCleanup(self._end, process)
        self.wait_for("begun", 120)
        poll(lambda: self.states().get("small") == "OK", what="the journal")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.write("go", "")
        self.run_in(self.directory, mine, "resume")
        self.assertEqual(set(self.states().values()), {"OK"})
        self.assertEqual(self.lines("source.calls"), 1, "what was kept is not made again")

        # Moved once more: the program knows the old place only, and says what to do.
        moved = installed.rename(self.directory / "moved")
        said = self.run_in(self.directory / "run0", diamond, expect=3).stderr
        self.assertIn("program 'fugle-spawner' not found (looked in ", said)
        self.assertIn(f"{installed}/libexec/fugle", said)
        self.assertIn("put its bin into PATH", said)
        self.environment["PATH"] = f"{moved}/bin:{self.environment['PATH']}"
        self.run_in(self.directory / "run0", diamond)


class AnyProgram(CppCase):
    """What prints a workflow is a front-end of ours."""

    LOOP = """printf '{"version": 1, "name": "many", "tasks": {"t0": {"run": ["true"]}'
for ((i = 1; i < %d; i++)); do printf ', "t%%d": {"run": ["true"], "needs": ["t%%d"]}' $i $((i / 2)); done
echo '}}'"""

    def loop(self, count):
        return subprocess.run(["bash", "-c", self.LOOP % count], capture_output=True, text=True, check=True).stdout

    def test_a_loop_of_the_shell_prints_ten_thousand_tasks(self):
        self.fugle("validate", "-", stdin=self.loop(10_000))

    def test_what_it_prints_runs_here_and_over_ranks(self):
        for place in (["--local"], ["-n", 2]):
            self.fugle("run", "-", *place, stdin=self.loop(200))
            self.assertEqual(self.status()["counts"]["ok"], 200)

    def test_a_mistake_in_it_is_told_with_its_place(self):
        said = self.fugle("validate", "-", stdin=self.loop(5000).replace('"t4999": {"run"', '"t4999": {"rnu"'), expect=2)
        self.assertRegex(said.stderr, r"-:1:\d+: error E103: unknown key 'rnu' in task 't4999'; did you mean 'run'\?")


if __name__ == "__main__":
    main()
