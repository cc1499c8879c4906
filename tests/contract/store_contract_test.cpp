#include "contract/store_contract.hpp"

#include <stdlib.h>

#include <filesystem>

#include "sim/memory_store.hpp"
#include "store/file_store.hpp"

namespace fugle {
namespace {

class Files final : public testing::StoreWorld {
 public:
  explicit Files(std::uint32_t commit_align) {
    options_.commit_align = commit_align;
    options_.commit_interval = std::chrono::milliseconds(1);
    options_.capacity = 256;
    std::string path = (std::filesystem::temp_directory_path() / "fugle-contract-XXXXXX").string();
    EXPECT_NE(::mkdtemp(path.data()), nullptr);
    directory_ = path;
  }
  ~Files() override { std::filesystem::remove_all(directory_); }
  std::unique_ptr<scheduler::Store> open() override {
    return std::make_unique<store::FileStore>(directory_, store::read_journal(directory_), options_);
  }
  std::vector<scheduler::Event> read() override { return store::read_journal(directory_).events; }

 private:
  std::string directory_;
  store::JournalOptions options_;
};

class Memory final : public testing::StoreWorld {
 public:
  std::unique_ptr<scheduler::Store> open() override {
    auto store = std::make_unique<sim::MemoryStore>(read());
    return std::make_unique<Kept>(std::move(store), events_);
  }
  std::vector<scheduler::Event> read() override { return events_; }

 private:
  /// Hands its events on when it goes.
  class Kept final : public scheduler::Store {
   public:
    Kept(std::unique_ptr<sim::MemoryStore> store, std::vector<scheduler::Event>& left)
        : store_(std::move(store)), left_(left) {}
    ~Kept() override { left_ = store_->events(); }
    void append(std::span<const scheduler::Event> events) override { store_->append(events); }
    [[nodiscard]] scheduler::Sequence appended() const override { return store_->appended(); }
    [[nodiscard]] scheduler::Sequence durable() const override { return store_->durable(); }
    void flush() override { store_->flush(); }
    [[nodiscard]] std::optional<std::string> fault() const override { return store_->fault(); }
    [[nodiscard]] bool is_superseded() const override { return store_->is_superseded(); }

   private:
    std::unique_ptr<sim::MemoryStore> store_;
    std::vector<scheduler::Event>& left_;
  };
  std::vector<scheduler::Event> events_;
};

TEST(FileStore, keeps_the_contract_of_stores) {
  for (const std::uint32_t commit_align : {0u, 4096u}) {
    Files files(commit_align);
    testing::keeps_the_contract(files);
  }
}

TEST(MemoryStore, keeps_the_contract_of_stores) {
  Memory memory;
  testing::keeps_the_contract(memory);
}

}  // namespace
}  // namespace fugle
