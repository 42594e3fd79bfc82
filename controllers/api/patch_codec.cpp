#include "controllers/api/codec.hpp"
#include "controllers/api/node_pool_codec.hpp"
#include "controllers/api/patch_risk_codec.hpp"
#include "controllers/api/shared_codec.hpp"

namespace patchwave::api {
namespace {

constexpr TextRule kRepositoryRule{1, 255, is_image_repository, "an image repository without tag and digest"};
constexpr TextRule kTagRule{1, 128, is_image_tag, "an image tag"};
constexpr TextRule kAdvisoryRule{1, 64, is_advisory, "an identifier such as 'CVE-2026-1234'"};

// What is of the other kind of subject beside it has no meaning, and the API server refuses it.
void require_a_version(const ObjectReader& subject, const ObjectReader& to) {
  const bool image = subject.has("image");
  if (image && !to.has("tag") && !to.has("digest")) to.refuse("tag", "or `digest` must be set");
  if (!image && !to.has("version")) to.refuse("version", "must be set for a node pool");
}

PatchSpec read_spec(const ObjectReader& fields) {
  PatchSpec spec;
  const auto subject = fields.object("subject", Presence::Required);
  spec.image = subject.text("image", kRepositoryRule);
  spec.node_pool = subject.text("nodePool", kLabelNameRule);
  if (subject.has("image") == subject.has("nodePool")) {
    subject.refuse("image", "or `nodePool` must be set, and not both");
  }
  const auto to = fields.object("to", Presence::Required);
  spec.tag = to.text("tag", kTagRule);
  spec.digest = to.text("digest", kDigestRule);
  spec.version = to.text("version", kTagRule);
  spec.parameters = read_parameters(to);
  require_a_version(subject, to);
  spec.fixes = fields.texts("fixes", {0, 200, true}, kAdvisoryRule);
  return spec;
}

std::optional<Quarantine> read_quarantine(const ObjectReader& status) {
  if (!status.has("quarantine")) return std::nullopt;
  const auto fields = status.object("quarantine");
  return Quarantine{fields.text("digest", {}), fields.text("reason", {}), fields.text("wave", {}),
                    fields.time("sinceTime")};
}

PatchStatus read_status(const ObjectReader& fields) {
  constexpr Range<int> kCount{0, std::numeric_limits<int>::max()};
  PatchStatus status;
  status.observed_generation = fields.big_integer("observedGeneration", 0);
  status.phase = fields.text("phase", {});
  status.digest = fields.text("digest", {});
  status.platform_digests = fields.texts("platformDigests", {}, {});
  status.targets_total = fields.integer("targetsTotal", 0, kCount);
  status.targets_patched = fields.integer("targetsPatched", 0, kCount);
  status.quarantine = read_quarantine(fields);
  status.lifted_time = fields.time("liftedTime");
  status.risk = read_risk(fields);
  status.deadline = fields.time("deadline");
  status.conditions = read_conditions(fields);
  return status;
}

Json print_quarantine(const Quarantine& quarantine) {
  Json fields = Json::object();
  put(fields, "digest", quarantine.digest);
  put(fields, "reason", quarantine.reason);
  put(fields, "wave", quarantine.wave);
  put(fields, "sinceTime", quarantine.since_time);
  return fields;
}

}  // namespace

Result<Patch> parse_patch(const Json& object) {
  Finding finding;
  const ObjectReader root(object, "", finding);
  Patch patch{parse_metadata(object), read_spec(root.object("spec", Presence::Required)),
              read_status(root.object("status"))};
  if (finding.first) return fail(*finding.first);
  return patch;
}

Json print_spec(const PatchSpec& spec) {
  Json to = Json::object();
  put(to, "tag", spec.tag);
  put(to, "digest", spec.digest);
  put(to, "version", spec.version);
  put(to, "parameters", Json(spec.parameters));
  Json subject = Json::object();
  put(subject, "image", spec.image);
  put(subject, "nodePool", spec.node_pool);
  Json fields = {{"subject", std::move(subject)}, {"to", std::move(to)}};
  put(fields, "fixes", spec.fixes);
  return fields;
}

Json print_status(const PatchStatus& status) {
  Json fields = {{"observedGeneration", status.observed_generation},
                 {"targetsTotal", status.targets_total},
                 {"targetsPatched", status.targets_patched}};
  put(fields, "phase", status.phase);
  put(fields, "digest", status.digest);
  put(fields, "platformDigests", status.platform_digests);
  if (status.quarantine) fields["quarantine"] = print_quarantine(*status.quarantine);
  put(fields, "liftedTime", status.lifted_time);
  if (status.risk) fields["risk"] = print_risk(*status.risk);
  put(fields, "deadline", status.deadline);
  put_conditions(fields, status.conditions);
  return fields;
}

}  // namespace patchwave::api
