"""Plugins: built out of tree against a staged installation, called isolated and in ranks, crashing, refused."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import unittest

import fugle_case

BUILD = pathlib.Path(fugle_case.FUGLE).resolve().parent.parent
SOURCE = pathlib.Path(os.environ["FUGLE_SOURCE_DIR"])
PLUGINS = BUILD / "tests/plugins"


def call(name, library="libsample.so", **keys):
    """A task that calls a function of the sample plugin."""
    return {"plugin": f"{PLUGINS}/{library}:{name}"} | keys


class PluginCase(fugle_case.FugleCase):
    def workflow(self, tasks, **keys):
        return self.write("w.yaml", json.dumps({"version": 1, "name": "w", "tasks": tasks} | keys))

    def attempt(self, element):
        return [attempt for attempt in self.attempts() if attempt["element"] == element]


class OutOfTree(fugle_case.FugleCase):
    parent_directory = BUILD

    def test_one_find_package_builds_a_plugin_against_an_installation_that_was_moved(self):
        for component in ("program", "headers"):
            self.run_tool("cmake", "--install", BUILD, "--prefix", self.directory / "first", "--component", component)
        (self.directory / "first").rename(self.directory / "installed")
        installed = self.directory / "installed"
        example = SOURCE / "examples/plugin_out_of_tree"
        self.run_tool("cmake", "-S", example, "-B", self.directory / "build", f"-DCMAKE_PREFIX_PATH={installed}",
                      "-DCMAKE_BUILD_TYPE=Debug")
        self.run_tool("cmake", "--build", self.directory / "build")
        shutil.copy(self.directory / "build/libstats.so", self.directory)
        fugle = installed / "bin/fugle"

        self.check_run([fugle], example, "isolated", [])
        self.check_run([*self.mpirun(4), fugle], example, "ranks", [])
        self.check_run([fugle], example, "threads", ["-p", "isolate=false"])
        self.check_run([*self.mpirun(4), fugle], example, "threads_of_ranks", ["-p", "isolate=false"])
        self.check_run([fugle], example, "found", ["-p", "library=libstats.so"],
                       {"FUGLE_PLUGIN_PATH": f"/nowhere:{self.directory}"})
        plugins = installed / "lib/fugle/plugins"
        plugins.mkdir(parents=True)
        (self.directory / "libstats.so").rename(plugins / "libstats.so")
        self.check_run([fugle], example, "from_installation", ["-p", "library=libstats.so"])

    def run_tool(self, *words):
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=300,
                              stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def check_run(self, program, example, name, options, variables=None):
        folder = self.directory / name
        folder.mkdir()
        shutil.copy(example / "stats.yaml", folder)
        if (self.directory / "libstats.so").exists():
            shutil.copy(self.directory / "libstats.so", folder)
        done = subprocess.run([*map(str, program), "run", "stats.yaml", *options], cwd=folder, capture_output=True,
                              text=True, env=self.environment | (variables or {}), stdin=subprocess.DEVNULL, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual((folder / "widest.txt").read_text(), "column 5 of 8\n")
        self.assertEqual((folder / "moments/0.txt").read_text().split()[0], "2.997")


class Isolated(PluginCase):
    def test_one_process_serves_many_calls_and_begins_and_finishes_once(self):
        book = self.directory / "book"
        self.environment["SAMPLE_PLUGIN_BOOK"] = str(book)
        self.workflow({"count": call("count", matrix={"i": list(range(20))})})
        self.fugle("run", "w.yaml", "-j", "1")
        lines = book.read_text().split("\n")[:-1]
        begun = [line for line in lines if line.startswith("init ")]
        self.assertEqual(len(begun), 1, lines)
        self.assertEqual(lines, [begun[0], begun[0].replace("init", "finish")])
        self.assertIn("call 20 of", self.fugle("logs").stdout)

    def test_a_crash_costs_one_attempt(self):
        self.workflow({"crash": call("crash", **{"with": {"unless": str(self.directory / "mark")}},
                                     retries={"max": 1, "delay": "0s"}),
                       "other": call("count", needs=["crash"])})
        self.fugle("run", "w.yaml", "-j", "1")
        crashed = self.attempt("crash")
        self.assertEqual([(a["state"], a.get("class")) for a in crashed], [("FAILED", "signal"), ("OK", None)],
                         crashed)
        self.assertEqual(crashed[0]["signal"], signal.SIGSEGV)
        self.assertEqual(self.states()["other"], "OK")

    def test_its_output_and_its_reason_are_shown(self):
        self.workflow({"speak": call("speak"), "fail": call("fail", **{"with": {"code": 7}})})
        self.fugle("run", "w.yaml", expect=1)
        self.assertIn("printed by speak", self.fugle("logs").stdout)
        self.assertIn("it is to fail", self.fugle("why", "fail").stdout)

    def test_a_function_that_hangs_ends_with_its_timeout(self):
        self.workflow({"hang": call("hang", timeout="1s", grace="1s"), "next": call("count")})
        self.fugle("run", "w.yaml", "-j", "1", expect=1)
        self.assertEqual(self.attempt("hang")[0]["class"], "timeout")
        self.assertEqual(self.states()["next"], "OK")

    def test_nothing_is_left_when_the_program_is_killed(self):
        marker = f"SAMPLE_PLUGIN_MARK={self.directory}"
        self.environment["SAMPLE_PLUGIN_MARK"] = str(self.directory)
        self.workflow({"hang": call("hang")})
        process = self.start("run", "w.yaml")
        fugle_case.poll(lambda: "hangs" in self.fugle("logs", expect=None).stdout, what="the call")
        process.kill()
        process.wait()
        fugle_case.poll(lambda: not fugle_case.processes_of(marker), what="the end of all processes")


class Results(PluginCase):
    def test_of_a_failure_that_counts_as_ok_it_is_empty(self):
        for isolate in (True, False):
            with self.subTest(isolate=isolate):
                self.workflow({
                    "bad": call("fail", on_failure="ignore", isolate=isolate),
                    "good": call("add_numbers", isolate=isolate, **{"with": {"numbers": [1, 2]}}),
                    "after": call("taken", needs=["bad", "good"], isolate=isolate, outputs={"out": "out.txt"})})
                self.fugle("run", "w.yaml", "-n", "2", "-j", "1")
                self.assertEqual(self.read("out.txt"), "0 8")
                self.assertEqual(len(self.attempt("after")), 1)

    def test_of_what_was_skipped_it_is_empty(self):
        for isolate in (True, False):
            with self.subTest(isolate=isolate):
                self.workflow({
                    "some": call("add_numbers", foreach=[1, 2], when="item != 1", isolate=isolate,
                                 **{"with": {"numbers": [1, 2]}}),
                    "after": call("taken", needs=["some"], isolate=isolate, outputs={"out": "out.txt"})})
                self.fugle("run", "w.yaml", "-n", "2", "-j", "1")
                self.assertEqual(self.read("out.txt"), "0 8")
                self.assertEqual(len(self.attempt("after")), 1)


class Refused(PluginCase):
    def test_another_abi_is_named_with_ours_before_anything_runs(self):
        self.workflow({"first": {"run": "touch ran"}, "old": call("f", "libother_abi.so", needs=["first"])})
        for prefix, verb in (((), "plan"), ((), "run"), (self.mpirun(2), "run")):
            done = self.fugle(verb, "w.yaml", expect=2, prefix=prefix)
            self.assertIn("E305", done.stderr + done.stdout)
            self.assertIn("has ABI 2, this build 1", done.stderr + done.stdout)
        self.assertFalse((self.directory / "ran").exists())

    def test_what_can_not_be_loaded_is_told_before_anything_runs(self):
        self.workflow({"a": call("f", "libnowhere.so"), "b": call("cuont"), "c": call("f", "libno_plugin.so")})
        text = self.fugle("run", "w.yaml", expect=2)
        text = text.stdout + text.stderr
        self.assertIn("libnowhere.so: cannot open shared object file", text)
        self.assertIn("it has no function 'cuont'; did you mean 'count'?", text)
        self.assertIn("it exports no function fugle_plugin", text)


if __name__ == "__main__":
    unittest.main()
