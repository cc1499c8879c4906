// Where mpirun's plm_rsh_agent (`fugle-spawner --agent`, spawner/rank_modes.hpp) asks for a command to be run on
// another node of its attempt. An abstract socket, which no file is left of; only processes of this user are heard.
// Knows nothing of parties: it yields orders and takes the exit codes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/descriptor.hpp"

namespace fugle::executor {

class AgentSocket {
 public:
  /// Throws EnvironmentError.
  AgentSocket();
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Readable when poll() has something to do, but for what agents say that have connected already: that is looked at
  /// whenever poll() is called, and they say all at once.
  [[nodiscard]] int fd() const { return epoll_.get(); }

  struct Order {
    int agent = -1;  ///< to be answered by finish()
    std::uint32_t element = 0;
    std::uint32_t attempt = 0;
    std::string host;
    std::string command;
  };
  [[nodiscard]] std::vector<Order> poll();
  /// Ends the agent with this exit code.
  void finish(int agent, std::uint8_t exit_code);

 private:
  struct Agent {
    Descriptor socket;
    std::string bytes;
    bool has_said = false;
  };
  void accept_all();
  /// False: it is gone, or said nonsense.
  bool read(Agent& agent);

  std::string name_;
  Descriptor epoll_;
  Descriptor listening_;
  std::map<int, Agent> agents_;  ///< by descriptor
};

}  // namespace fugle::executor
