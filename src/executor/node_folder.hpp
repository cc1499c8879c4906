// A directory of this executor on the node, under some root such as $TMPDIR: for the small files an attempt needs
// besides its command (lists of inputs, scripts too long for an argument) and for the scratch directories of attempts.
// Its name says run and node and ends at random, its mode is 0700, so that nobody can have made it before us. It is
// made when first needed and removed with this object; whoever was killed leaves it unlocked (flock), and the next life
// of the run on this node finds it by that.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace fugle::executor {

class NodeFolder {
 public:
  /// `root`: an existing directory. `beginning`: see node_folder_beginning().
  NodeFolder(std::string root, std::string beginning) : root_(std::move(root)), beginning_(std::move(beginning)) {}
  ~NodeFolder();
  NodeFolder(const NodeFolder&) = delete;
  NodeFolder& operator=(const NodeFolder&) = delete;

  [[nodiscard]] bool is_made() const { return lock_ >= 0; }
  /// Makes it when it is not there. Throws EnvironmentError.
  [[nodiscard]] const std::string& path();
  /// The path of a new file with this content. Throws EnvironmentError when it can not be written.
  [[nodiscard]] std::string write(const std::string& name, std::string_view content);

 private:
  [[nodiscard]] bool make();

  std::string root_;
  std::string beginning_;
  std::string path_;
  int lock_ = -1;
};

/// What the names of a run's folders begin with on this node.
[[nodiscard]] std::string node_folder_beginning(std::string_view run_id);

/// Where scratch directories go when their task does not say: $SLURM_TMPDIR, else $TMPDIR of this process, because that
/// of the head is another node's; else /tmp.
[[nodiscard]] std::string default_scratch_root();

}  // namespace fugle::executor
