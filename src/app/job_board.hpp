// Where all `fugle job` of a run wait together, so that Slurm is asked once for all of them: a folder of the run
// directory with one small file for each job that is waited for, and one with what Slurm said last. Whoever finds that
// answer too old, and is the first to make the file of the next question (O_EXCL, which also holds on network file
// systems), asks for all.
//
// Between two questions there are 2, 3, 10, 15 and then always 30 seconds; it begins at 2 s again when nobody asked for
// a minute. A question is one command: squeue; where squeue does not list a job: sacct, then scontrol, then squeue
// again. That a command fails, or lists nothing, changes nothing. A job is lost only when Slurm says in words that
// there is no such job, and its accounting, if there is any, has no record of it.
//
// Knows nothing of how the jobs came to be.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/job_news.hpp"
#include "base/time.hpp"
#include "slurm/run_command.hpp"

namespace fugle::app {

class JobBoard {
 public:
  using Ask = std::function<slurm::Answer(const std::vector<std::string>& argv)>;

  /// Makes the folder. Throws EnvironmentError.
  JobBoard(std::string folder, Ask ask);

  /// Others ask for this job too from now on, for as long as look() is called at least every ten minutes.
  void enter(const JobName& job, Time now);
  void leave(const JobName& job);

  struct View {
    std::vector<JobNews> news;   ///< of the job, or of the elements of an array
    bool is_lost = false;        ///< nobody knows how it ended
    std::uint64_t question = 0;  ///< number of the last question that was answered
    Time next_question{};        ///< look again then
  };
  /// What is known of the job; asks for all when it is time to.
  [[nodiscard]] View look(const JobName& job, Time now);

  /// What is on the board.
  struct Known {
    std::map<std::string, JobNews> rows;  ///< by own id
    bool is_missing = false;              ///< the last squeue did not list it
    bool is_forgotten = false;            ///< Slurm said that there is no such job
    bool has_no_record = false;           ///< nor does its accounting know it
  };
  struct Board {
    std::uint64_t question = 0;
    Time asked{};
    std::size_t pause = 0;  ///< index of the time until the next question
    int kind = 0;           ///< of the last question
    std::map<JobName, Known> jobs;
  };

 private:
  [[nodiscard]] Board read() const;
  void publish(const Board& board) const;
  [[nodiscard]] Time next_question(const Board& board, Time now) const;
  [[nodiscard]] bool claim(std::uint64_t question, Time now) const;
  [[nodiscard]] std::vector<JobName> waiting(Time now) const;
  void ask_for_all(Board& board, Time now) const;

  std::string folder_;
  Ask ask_;
  Time entered_{};
};

/// For the file.
[[nodiscard]] std::string encode(const JobBoard::Board& board);
/// Lines that are damaged are left out.
[[nodiscard]] JobBoard::Board decode_board(const std::string& text);

}  // namespace fugle::app
