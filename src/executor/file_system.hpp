// What kind of file system a path is on.
#pragma once

#include <string>

namespace fugle::executor {

/// Whether other machines may write there, so that this one may see what they wrote, or what our own caches forgot,
/// only after a while: NFS, Lustre, GPFS, BeeGFS, CIFS, Ceph, FUSE and the like, by statfs(2). False when it is not
/// known.
[[nodiscard]] bool is_on_network(const std::string& path);

}  // namespace fugle::executor
