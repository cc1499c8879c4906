// What surrounds a command: setup and modules, containers by stand-ins of their runtimes, where its output goes.
#include "executor/surroundings.hpp"

#include <sys/stat.h>

#include "unit/executor/executor_fixture.hpp"

namespace fugle::executor {
namespace {

using graph::ContainerRuntime;
using graph::LogMode;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Words = std::vector<std::string>;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

class SurroundingsTest : public ExecutorTest {
 protected:
  SurroundingsTest() {
    std::filesystem::create_directories(folder_ / "bin");
    std::filesystem::create_directories(folder_ / "modules/init");
    restart(options(environment()));
  }
  [[nodiscard]] std::vector<std::string> environment() const {
    return {"PATH=" + (folder_ / "bin") + ":/usr/bin:/bin", "TMPDIR=" + folder_.path(),
            "MODULESHOME=" + (folder_ / "modules")};
  }
  void add_program(const std::string& name, const std::string& script) const {
    write_text(folder_ / ("bin/" + name), "#!/bin/bash\n" + script);
    ::chmod((folder_ / ("bin/" + name)).c_str(), 0755);
  }
  /// Loads what exists, and says of the rest what the real ones say.
  void add_modules(const std::string& how_it_fails) const {
    const std::string init =
        "module() {\n  case $2 in\n  gcc*) export GCC=$2 LOADEDMODULES=$2; : $undefined;;\n"
        "  *) echo \"ERROR: Unable to locate a modulefile for '$2'\" >&2; " +
        how_it_fails + ";;\n  esac\n}\n";
    for (const char* shell : {"bash", "sh"}) write_text(folder_ / (std::string("modules/init/") + shell), init);
  }
  /// A runtime: notes its words in a file and runs those after the image.
  void add_runtime(const std::string& name) const {
    add_program(name, "printf '%s\\n' \"$@\" > \"" + (folder_ / name) +
                          "\"\nwhile [ \"$1\" != image ] && [ \"${1%.sif}\" = \"$1\" ]; do shift; done\nshift\n"
                          "IN_IMAGE=yes exec \"$@\"\n");
  }
  [[nodiscard]] Words words_of(const std::string& name) const { return lines_of(read_text(folder_ / name)); }
  static void add_setup(Job& job, const std::string& lines) {
    job.task.has_setup = true;
    job.text.setup = lines;
  }
  static void put_in(Job& job, const std::string& image, ContainerRuntime runtime = ContainerRuntime::automatic) {
    job.task.container.runtime = runtime;
    job.text.image = image;
  }
};

TEST_F(SurroundingsTest, a_setup_is_in_the_shell_of_the_script) {
  Job job = shell("greet; echo $own; [[ $- == *e* && $- == *u* ]] && echo as before");
  add_setup(job, "own=variable\ngreet() { echo hello; }");
  EXPECT_EQ(output_of(job), "hello\nvariable\nas before\n");
}

TEST_F(SurroundingsTest, a_setup_is_before_the_words_of_a_command_too) {
  Job job = program({"bash", "-c", "echo $SEEN \"$1\"", "x", "two words"});
  add_setup(job, "export SEEN=yes");
  EXPECT_EQ(output_of(job), "yes two words\n");
}

TEST_F(SurroundingsTest, another_language_gets_what_a_shell_has_set_up) {
  Job job = shell("import os; print(os.environ['SEEN'])");
  job.task.shell = {"python3", "-c"};
  add_setup(job, "export SEEN=yes");
  EXPECT_EQ(output_of(job), "yes\n");
}

TEST_F(SurroundingsTest, what_fails_in_a_setup_is_told_from_what_fails_after_it) {
  Job before = shell("echo never", 1);
  add_setup(before, "echo in setup\n(exit 3)\necho not here");
  AttemptReport report = run(before);
  EXPECT_EQ(report.cls, FailureClass::setup);
  EXPECT_EQ(report.reason, "setup failed: exit code 3");
  EXPECT_EQ(report.exit, 3);
  EXPECT_EQ(output(before), "in setup\n");

  Job after = shell("exit 3", 2);
  add_setup(after, "true");
  report = run(after);
  EXPECT_EQ(report.cls, FailureClass::error);
  EXPECT_EQ(report.exit, 3);
}

TEST_F(SurroundingsTest, a_setup_fails_also_in_a_shell_that_goes_on_after_failures) {
  Job job = shell("false; echo on");
  job.task.shell = {"sh", "-c"};
  add_setup(job, "true");
  EXPECT_EQ(output_of(job), "on\n");
  Job failing = shell("echo never", 1);
  failing.task.shell = {"sh", "-c"};
  add_setup(failing, "false");
  EXPECT_EQ(run(failing).cls, FailureClass::setup);
}

TEST_F(SurroundingsTest, a_setup_that_leaves_the_shell_with_0_has_failed) {
  Job job = shell("echo never");
  add_setup(job, "exit 0");
  const AttemptReport report = run(job);
  EXPECT_EQ(report.cls, FailureClass::setup);
  EXPECT_EQ(report.reason, "setup failed: it ended the shell with exit code 0");
}

TEST_F(SurroundingsTest, a_setup_with_a_mistake_of_the_shell_has_failed) {
  Job job = shell("echo never");
  add_setup(job, "if then");
  EXPECT_EQ(run(job).cls, FailureClass::setup);
}

TEST_F(SurroundingsTest, a_command_that_is_not_there_is_no_failure_of_the_setup) {
  Job job = program({"no-such-program"});
  add_setup(job, "true");
  const AttemptReport report = run(job);
  EXPECT_EQ(report.cls, FailureClass::error);
  EXPECT_EQ(report.exit, 127);
}

TEST_F(SurroundingsTest, what_a_stopped_attempt_did_last_does_not_matter) {
  Job job = shell("echo never");
  add_setup(job, "echo up > up; sleep 60");
  start(job);
  ASSERT_TRUE(becomes_true([&] { return read_text(folder_ / "up") == "up\n"; }));
  stop(job);
  EXPECT_EQ(ended().cls, FailureClass::cancelled);
}

TEST_F(SurroundingsTest, the_files_of_a_setup_are_gone_after_it) {
  Job job = shell("true");
  add_setup(job, "true");
  EXPECT_EQ(run(job).reason, "");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path()))
    EXPECT_THAT(entry.path().string(), Not(HasSubstr(".setup")));
}

TEST_F(SurroundingsTest, modules_are_loaded_by_the_init_file_of_their_system) {
  add_modules("return 1");
  Job job = shell("echo with $GCC; [[ $- == *e* && $- == *u* ]] && echo strict");
  job.task.modules = {"gcc/13", "gcc/14"};
  EXPECT_EQ(output_of(job), "with gcc/14\nstrict\n");
  Job words = program({"bash", "-c", "echo $GCC"}, 1);
  words.task.modules = {"gcc/12"};
  EXPECT_EQ(output_of(words), "gcc/12\n");
  Job plain = shell("echo $GCC", 2);
  plain.task.shell = {"sh", "-c"};
  plain.task.modules = {"gcc/11"};
  EXPECT_EQ(output_of(plain), "gcc/11\n");
}

TEST_F(SurroundingsTest, a_module_that_is_not_there_is_told_in_the_words_of_its_system) {
  for (const char* how : {"return 1", "return 0"}) {  // old ones fail without saying so
    add_modules(how);
    Job job = shell("echo never", how[7] == '0' ? 1 : 2);
    job.task.modules = {"gcc/13", "hdf5/9"};
    const AttemptReport report = run(job);
    EXPECT_EQ(report.cls, FailureClass::setup) << how;
    EXPECT_EQ(report.reason, "module load hdf5/9: ERROR: Unable to locate a modulefile for 'hdf5/9'");
    EXPECT_EQ(output(job), "ERROR: Unable to locate a modulefile for 'hdf5/9'\n");
  }
}

TEST_F(SurroundingsTest, a_node_without_modules_is_told) {
  Job job = shell("echo never");
  job.task.modules = {"gcc"};
  const AttemptReport report = run(job);
  if (std::filesystem::exists("/etc/profile.d/modules.sh") || std::filesystem::exists("/etc/profile.d/lmod.sh"))
    GTEST_SKIP() << "this machine has a module system";
  EXPECT_EQ(report.cls, FailureClass::setup);
  EXPECT_THAT(report.reason, HasSubstr("there is no 'module' command here"));
}

TEST_F(SurroundingsTest, an_apptainer_image_is_entered_with_what_the_attempt_needs) {
  add_runtime("apptainer");
  std::filesystem::create_directories(folder_ / "data/in");
  write_text(folder_ / "data/in/a", "content");
  Job job = shell("echo $IN_IMAGE $FUGLE_ELEMENT; cat \"$FUGLE_IN_a\"; echo x > \"$FUGLE_OUT_o\"");
  put_in(job, folder_ / "image.sif");
  job.task.container.binds = {"/opt/licence:/licence:ro"};
  job.task.container.has_gpu = true;
  job.task.input_names = {"a"};
  job.task.input_is_list = {false};
  job.text.inputs = {folder_ / "data/in/a"};
  add_output(job, "o", folder_ / "data/out/o");
  EXPECT_EQ(output_of(job), "yes job[0]\ncontent");
  EXPECT_EQ(read_text(folder_ / "data/out/o"), "x\n");
  const Words words = words_of("apptainer");
  EXPECT_EQ(words.front(), "exec");
  EXPECT_THAT(words, Contains("--nv"));
  // All that the attempt names lies in this folder.
  const auto bind = std::find(words.begin(), words.end(), "--bind");
  ASSERT_NE(bind, words.end());
  EXPECT_EQ(*(bind + 1), folder_.path());
  EXPECT_EQ(*(bind + 3), "/opt/licence:/licence:ro");
  const auto image = std::find(words.begin(), words.end(), folder_ / "image.sif");
  ASSERT_NE(image, words.end());
  EXPECT_EQ(*(image - 2), "--pwd");
  EXPECT_EQ(*(image - 1), folder_.path());
  EXPECT_THAT(Words(image + 1, image + 5), ElementsAre("bash", "-euo", "pipefail", "-c"));
}

TEST_F(SurroundingsTest, modules_are_loaded_outside_of_an_image_and_the_setup_is_inside) {
  add_modules("return 1");
  add_runtime("apptainer");
  Job job = program({"bash", "-c", "echo $WHERE $GCC"});
  put_in(job, "image.sif");
  job.task.modules = {"gcc/13"};
  add_setup(job, "export WHERE=${IN_IMAGE:-outside}");
  EXPECT_EQ(output_of(job), "yes gcc/13\n");
  EXPECT_THAT(words_of("apptainer"), Not(Contains(HasSubstr("gcc/13"))));

  Job failing = shell("echo never", 1);
  put_in(failing, "image.sif");
  add_setup(failing, "exit 4");
  EXPECT_EQ(run(failing).cls, FailureClass::setup);
}

TEST_F(SurroundingsTest, podman_is_next_and_keeps_the_environment_of_the_image) {
  add_runtime("podman");
  Job job = program({"bash", "-c", "echo $IN_IMAGE"});
  put_in(job, "image");
  job.task.env = {{"OMP_PLACES", "cores"}};
  job.task.container.binds = {"/opt"};
  EXPECT_EQ(output_of(job), "yes\n");
  const Words words = words_of("podman");
  EXPECT_THAT(Words(words.begin(), words.begin() + 2), ElementsAre("run", "--rm"));
  for (const std::string& word : {std::string("FUGLE_*"), std::string("OMP_PLACES"), std::string("/opt:/opt"),
                                  folder_.path() + ":" + folder_.path()})
    EXPECT_THAT(words, Contains(word));
  EXPECT_THAT(words, Not(Contains("--env-host")));
}

TEST_F(SurroundingsTest, pyxis_is_srun_with_an_image) {
  add_program("srun",
              "[ \"$1\" = --mpi=list ] && { echo 'MPI plugin types are... none pmix'; exit; }\n"
              "printf '%s\\n' \"$@\" > \"" +
                  (folder_ / "srun") + "\"\nwhile [ \"${1#--}\" != \"$1\" ]; do shift; done\nexec \"$@\"\n");
  ExecutorOptions with_job = options(environment());
  with_job.slurm_job = "17";
  with_job.host = "n1";
  restart(with_job);
  Job job = shell("echo out of $FUGLE_ELEMENT");
  put_in(job, "nvcr.io#nvidia/pytorch:24.01", ContainerRuntime::pyxis);
  job.task.container.binds = {"/opt/data:/data"};
  job.task.env = {{"MODE", "fast"}};
  EXPECT_EQ(output_of(job), "out of job[0]\n");
  const Words words = words_of("srun");
  for (const std::string& word : {std::string("--jobid=17"), std::string("--ntasks=1"), std::string("--nodelist=n1"),
                                  std::string("--container-image=nvcr.io#nvidia/pytorch:24.01"),
                                  "--container-mounts=" + folder_.path() + ":" + folder_.path() + ",/opt/data:/data",
                                  "--container-workdir=" + folder_.path(), std::string("--container-env=MODE")})
    EXPECT_THAT(words, Contains(word));
}

TEST_F(SurroundingsTest, without_a_runtime_the_attempt_is_not_started) {
  std::vector<std::string> variables = environment();
  variables[0] = "PATH=" + (folder_ / "bin");
  restart(options(variables));
  Job job = shell("true");
  put_in(job, "image.sif");
  const AttemptReport report = run(job);
  EXPECT_EQ(report.cls, FailureClass::launch);
  EXPECT_THAT(report.reason, HasSubstr("container runtime not found"));
}

TEST(ContainerWords, name_the_registry_for_apptainer_alone) {
  ContainerOrder order;
  order.program = "/usr/bin/apptainer";
  order.image = "ubuntu:22.04";
  order.workdir = "/w";
  order.has_gpu = order.is_amd = true;
  EXPECT_THAT(container_words(order),
              ElementsAre("/usr/bin/apptainer", "exec", "--rocm", "--pwd", "/w", "docker://ubuntu:22.04"));
  order.runtime = ContainerRuntime::podman;
  order.has_ranks = true;
  const Words words = container_words(order);
  EXPECT_EQ(words.back(), "ubuntu:22.04");
  for (const char* word : {"--pid=host", "--ipc=host", "--userns=keep-id", "--device=/dev/kfd", "PMIX_*"})
    EXPECT_THAT(words, Contains(word));
}

TEST(ContainerWords, bind_the_outermost_folders_once) {
  EXPECT_THAT(outermost({"/a/b", "/a", "/ab", "", "/", "/a/b/c", "/ab"}), ElementsAre("/a", "/ab"));
}

TEST(ContainerRuntimes, are_taken_in_their_order) {
  ContainerRuntimes there{"/a", "/p", true};
  EXPECT_EQ(choose_runtime(ContainerRuntime::automatic, there), ContainerRuntime::apptainer);
  there.apptainer.clear();
  EXPECT_EQ(choose_runtime(ContainerRuntime::automatic, there), ContainerRuntime::podman);
  there.podman.clear();
  EXPECT_EQ(choose_runtime(ContainerRuntime::automatic, there), ContainerRuntime::pyxis);
  there.has_pyxis = false;
  EXPECT_EQ(choose_runtime(ContainerRuntime::automatic, there), ContainerRuntime::none);
  EXPECT_EQ(choose_runtime(ContainerRuntime::podman, there), ContainerRuntime::podman);
}

TEST(Preparation, of_ranks_says_nothing_while_all_goes_well) {
  Preparation preparation;
  preparation.setup = "true";
  preparation.state_file = "/nowhere/state";
  preparation.has_ranks = true;
  const std::string script = preparation_before_words(preparation);
  EXPECT_THAT(script, HasSubstr("EXIT\n"));
  EXPECT_THAT(script, testing::EndsWith("trap - EXIT\nexec \"$@\""));
}

class OutputTest : public ExecutorTest {
 protected:
  [[nodiscard]] std::string of_stream(const Job& job, std::uint8_t stream) const {
    std::string text;
    for (const LogChunk& chunk : find_chunks(folder_.path(), ElementId(job.element), job.attempt))
      if (chunk.stream == stream) text += read_chunk(folder_.path(), chunk);
    return text;
  }
};

TEST_F(OutputTest, a_split_log_keeps_stderr_apart) {
  Job job = shell("echo out; echo err >&2; echo more");
  job.task.log = LogMode::split;
  EXPECT_EQ(run(job).reason, "");
  EXPECT_EQ(of_stream(job, 1), "out\nmore\n");
  EXPECT_EQ(of_stream(job, 2), "err\n");
}

TEST_F(OutputTest, a_merged_log_is_one_stream) {
  const Job job = shell("echo out; echo err >&2");
  EXPECT_EQ(run(job).reason, "");
  EXPECT_EQ(of_stream(job, 1), "out\nerr\n");
  EXPECT_EQ(of_stream(job, 2), "");
}

TEST_F(OutputTest, a_program_that_closes_its_stderr_is_read_on) {
  Job job = shell("exec 2>&-; sleep 0.05; echo out");
  job.task.log = LogMode::split;
  EXPECT_EQ(run(job).reason, "");
  EXPECT_EQ(of_stream(job, 1), "out\n");
}

TEST_F(OutputTest, much_output_on_both_streams_blocks_nobody) {
  Job job = shell("for i in 1 2 3 4 5 6 7 8; do head -c 100000 /dev/zero; head -c 100000 /dev/zero >&2; done");
  job.task.log = LogMode::split;
  EXPECT_EQ(run(job).reason, "");
  EXPECT_EQ(of_stream(job, 1).size(), 800'000u);
  EXPECT_EQ(of_stream(job, 2).size(), 800'000u);
}

TEST_F(OutputTest, without_a_log_only_metrics_are_taken) {
  Job job = shell("echo speed 4; echo speed 5 >&2");
  job.task.log = LogMode::none;
  graph::Metric metric;
  metric.name = "speed";
  metric.regex = "speed ([0-9]+)";
  job.task.metrics = {metric};
  const AttemptReport report = run(job);
  EXPECT_EQ(report.cls, FailureClass::none);
  EXPECT_FALSE(report.measures.empty());
  EXPECT_EQ(output(job), "");
}

TEST_F(OutputTest, a_log_of_its_own_is_made_by_the_first_attempt_and_continued_by_the_next) {
  Job job = shell("echo attempt $FUGLE_ATTEMPT; echo err >&2");
  job.task.log = LogMode::file;
  job.text.log = folder_ / "deep/down/own.log";
  std::filesystem::create_directories(folder_ / "deep/down");
  write_text(job.text.log, "of an earlier run\n");
  EXPECT_EQ(run(job).reason, "");
  EXPECT_EQ(read_text(job.text.log), "attempt 1\nerr\n");
  EXPECT_EQ(output(job), "attempt 1\nerr\n");
  job.attempt = 2;
  EXPECT_EQ(run(job).reason, "");
  EXPECT_EQ(read_text(job.text.log), "attempt 1\nerr\nattempt 2\nerr\n");
}

TEST_F(OutputTest, a_log_that_can_not_be_written_is_told_before_the_command_runs) {
  Job job = shell("echo ran > ran");
  job.task.log = LogMode::file;
  write_text(folder_ / "file", "");
  job.text.log = folder_ / "file/own.log";
  const AttemptReport report = run(job);
  EXPECT_EQ(report.cls, FailureClass::setup);
  EXPECT_THAT(report.reason, HasSubstr("cannot write its log"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "ran"));
}

TEST_F(OutputTest, exit_codes_that_mean_success_are_those_that_are_named) {
  Job job = shell("exit 3");
  job.task.ok_exit_codes = {{0, 0}, {2, 4}};
  AttemptReport report = run(job);
  EXPECT_EQ(report.cls, FailureClass::none);
  EXPECT_EQ(report.exit, 3);
  Job zero = shell("true", 1);
  zero.task.ok_exit_codes = {{7, 7}};
  report = run(zero);
  EXPECT_EQ(report.cls, FailureClass::error);
  EXPECT_EQ(report.reason, "exit code 0, which is none of its 'ok_exit_codes'");
  Job other = shell("exit 5", 2);
  other.task.ok_exit_codes = {{0, 0}, {2, 4}};
  EXPECT_EQ(run(other).cls, FailureClass::error);
}

}  // namespace
}  // namespace fugle::executor
