"""What surrounds a command: setup, modules, containers by stand-ins, logs, exit codes that mean success, growing retries."""

import os

from fugle_case import FugleCase, main

RUNTIME = """#!/bin/bash
printf '%s\\n' "$@" > "$HERE/words-of-runtime"
while [ "${1%.sif}" = "$1" ]; do shift; done
shift
IN_IMAGE=yes exec "$@"
"""

MODULES = """
module() {
  case $2 in
    gcc*) export GCC=$2;;
    *) echo "ERROR: Unable to locate a modulefile for '$2'" >&2; return 1;;
  esac
}
"""


class Surroundings(FugleCase):
    def setUp(self):
        super().setUp()
        self.environment |= {"PATH": f"{self.directory}/bin:{self.environment['PATH']}", "HERE": str(self.directory),
                             "MODULESHOME": f"{self.directory}/modules"}
        self.environment.pop("LMOD_PKG", None)

    def add_program(self, name, text):
        os.chmod(self.write(f"bin/{name}", text), 0o755)

    def reason(self, element):
        return self.json_of("why", element)["reason"]

    def log_of(self, task, *options):
        name = self.read("w.yaml").split("name: ")[1].split("\n")[0]
        return self.fugle("logs", name, task, *options).stdout

    def test_setup_and_modules_come_before_the_command_of_each_element(self):
        self.write("modules/init/bash", MODULES)
        self.write("w.yaml", """
version: 1
name: prepared
defaults: {setup: "greet() { echo hello $1; }; export SEEN=yes"}
tasks:
  text:
    matrix: {v: [12, 13]}
    modules: ["gcc/${{ matrix.v }}"]
    setup: |
      greet() { echo hello ${{ matrix.v }} $1; }
    run: greet $GCC
  words: {run: [bash, -c, "echo $SEEN"]}
  bad: {setup: "echo too bad; exit 7", run: echo never, retries: {max: 3, delay: 0s}}
  lost: {modules: [hdf5/9], run: echo never, retries: {max: 3, delay: 0s}}
""")
        self.fugle("run", "w.yaml", expect=1)
        self.assertEqual(self.log_of("text[12]"), "hello 12 gcc/12\n")
        self.assertEqual(self.log_of("text[13]"), "hello 13 gcc/13\n")
        self.assertEqual(self.log_of("words"), "yes\n")
        self.assertEqual(self.reason("bad"), "setup: setup failed: exit code 7")
        self.assertEqual(self.reason("lost"),
                         "setup: module load hdf5/9: ERROR: Unable to locate a modulefile for 'hdf5/9'")
        attempts = [a for a in self.attempts() if a["element"] in ("bad", "lost")]
        self.assertEqual([a["class"] for a in attempts], ["setup", "setup"], "no retry is used")

    def test_a_container_is_entered_by_what_is_there(self):
        self.add_program("apptainer", RUNTIME)
        self.write("images/diag.sif", "image")
        self.write("w.yaml", """
version: 1
name: contained
tasks:
  a:
    container: {image: images/diag.sif, bind: [data:/data]}
    outputs: {o: out/o.txt}
    run: echo $IN_IMAGE > ${{ outputs.o }}
""")
        self.fugle("run", "w.yaml")
        self.assertEqual(self.read("out/o.txt"), "yes\n")
        words = self.read("words-of-runtime").splitlines()
        self.assertEqual(words[0], "exec")
        self.assertIn(f"{self.directory}/data:/data", words)
        self.assertIn(f"{self.directory}/images/diag.sif", words)

    def test_what_is_missing_is_told_before_anything_runs(self):
        self.write("w.yaml", """
version: 1
name: missing
tasks:
  diagnose:
    container: {image: images/gone.sif, runtime: podman}
    run: echo never
  other: {shell: no-such-shell -x, run: echo never}
""")
        self.environment["PATH"] = "/usr/bin:/bin"
        said = self.fugle("plan", "w.yaml", expect=2).stderr
        if not os.path.exists("/usr/bin/podman"):
            self.assertIn("E305: container runtime 'podman' not found in PATH; task diagnose needs one", said)
        self.assertIn(f"E204: image of 'diagnose': '{self.directory}/images/gone.sif' not found", said)
        self.assertIn("E305: shell 'no-such-shell' not found in PATH; task other needs it", said)
        self.fugle("validate", "w.yaml")

    def test_logs_are_split_dropped_or_in_a_file_besides(self):
        self.write("w.yaml", """
version: 1
name: logs
tasks:
  split: {log: split, run: echo out; echo err >&2}
  none: {log: none, run: echo out}
  own: {matrix: {x: [1, 2]}, log: "logs/own-${{ matrix.x }}.txt", run: "echo own ${{ matrix.x }}"}
""")
        self.fugle("run", "w.yaml")
        self.assertEqual(self.log_of("split", "--stdout"), "out\n")
        self.assertEqual(self.log_of("split", "--stderr"), "err\n")
        self.assertEqual(sorted(self.log_of("split").splitlines()), ["err", "out"])
        self.assertEqual(self.log_of("none"), "")
        self.assertEqual(self.read("logs/own-1.txt"), "own 1\n")
        self.assertEqual(self.log_of("own[2]"), "own 2\n")

    def test_exit_codes_can_mean_success(self):
        self.write("w.yaml", """
version: 1
name: codes
tasks:
  grep: {ok_exit_codes: [0, 1], run: "exit 1"}
  range: {ok_exit_codes: [0, "10..12"], run: "exit 11"}
  after: {needs: [grep, range], run: echo after}
  zero: {ok_exit_codes: [3], run: "true"}
""")
        self.fugle("run", "w.yaml", expect=1)
        self.assertEqual(self.states(), {"grep": "OK", "range": "OK", "after": "OK", "zero": "FAILED"})
        self.assertIn("exit code 0", self.reason("zero"))

    def test_a_retry_gets_more(self):
        self.write("w.yaml", """
version: 1
name: more
tasks:
  a:
    resources: {mem: 100M, cores: 1}
    retries: {max: 2, delay: 0s, scale: {mem: 1.5, cores: 2}}
    run: echo "$FUGLE_MEM $FUGLE_CORES" >> seen; test $(wc -l < seen) -gt 2
""")
        self.fugle("run", "w.yaml", "--local", "-j4")
        self.assertEqual(self.read("seen"), f"{100 << 20} 1\n{150 << 20} 2\n{225 << 20} 4\n")

    def test_a_retry_gets_at_most_what_the_node_has_and_says_so(self):
        self.write("w.yaml", """
version: 1
name: most
tasks:
  a:
    resources: {mem: 100M}
    retries: {max: 2, delay: 0s, scale: {mem: 1000}}
    run: echo "$FUGLE_MEM" >> seen; test $(wc -l < seen) -gt 2
""")
        self.fugle("run", "w.yaml", "--local")
        seen = [int(line) for line in self.read("seen").splitlines()]
        self.assertEqual(seen[0], 100 << 20)
        self.assertGreater(seen[1], 100 << 20)
        self.assertLess(seen[2], 100 << 40, "no machine has that much")
        last = self.attempts()[-1]
        self.assertEqual(last["state"], "OK")
        self.assertIn("scale.mem asks for", self.reason(last["element"]))

    def test_mistakes_are_told_at_their_places(self):
        self.write("w.yaml", """version: 1
name: wrong
tasks:
  a:
    run: "true"
    container: {runtime: docker}
    ok_exit_codes: [300]
    retries: {max: 1, scale: {mem: 0.5}}
  b: {plugin: "lib.so:f", container: x.sif}
  c: {matrix: {x: [1, 2]}, log: same.txt, run: "true"}
""")
        said = self.fugle("validate", "w.yaml", expect=2).stderr
        for words in ["w.yaml:6:5: error E105: container of 'a' has no image",
                      "w.yaml:6:26: error E112: 'runtime' is 'docker'; one of apptainer, podman, pyxis",
                      "w.yaml:7:21: error E112: 'ok_exit_codes' has '300'",
                      "error E112: 'mem' is 0.5",
                      "w.yaml:9:27: error E113: 'container' is not allowed here: 'b' is a function"]:
            self.assertIn(words, said)


if __name__ == "__main__":
    main()
