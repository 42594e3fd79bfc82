#include "operator/kube/intern_pool.hpp"

namespace patchwave::kube {

Interned::Interned(const Interned& other) noexcept : entry_(other.entry_) {
  if (entry_ != nullptr) ++entry_->references;
}

Interned::~Interned() {
  if (entry_ == nullptr || --entry_->references > 0) return;
  const auto found = entry_->pool->entries_.find(entry_->text);
  // Erasing by key would read the key's text while the entry that holds it is being destroyed.
  if (found != entry_->pool->entries_.end()) entry_->pool->entries_.erase(found);
}

const std::string& Interned::text() const {
  static const std::string empty;
  return entry_ == nullptr ? empty : entry_->text;
}

Interned InternPool::intern(std::string_view text) {
  if (text.empty()) return {};
  if (const auto found = entries_.find(text); found != entries_.end()) {
    ++found->second->references;
    return Interned(found->second.get());
  }
  auto entry = std::make_unique<Interned::Entry>(Interned::Entry{std::string(text), this, 1});
  Interned::Entry* raw = entry.get();
  entries_.emplace(raw->text, std::move(entry));
  return Interned(raw);
}

}  // namespace patchwave::kube
