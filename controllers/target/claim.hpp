// The claim: the annotation by which one wave keeps all others from a workload, and the record of its images
// that goes with it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controllers/target/act.hpp"
#include "controllers/target/situation.hpp"

namespace patchwave::target {

/// "<container>=<image>,…", init containers first, as they were when the workload was claimed. The admission
/// policy lets us put back these, under a claim, and no other image that has no digest. Stays on a workload
/// that was promoted: a wave that comes later may show that the patch harms. The next claim replaces it when
/// there is an image without a digest to put back; else it stays, for the waves before may have to go back
/// too. Gone once the workload has these images again.
inline constexpr std::string_view kImagesBeforeAnnotation = "patchwave.dev/images-before";

/// Takes the workload for `claim`, and writes down which images it has. Holds only while those that the
/// situation saw are still there.
Act claim_workload(const Situation& situation, const std::string& claim);

/// Also on an object that took the place of the one on record: a copied annotation would lock it for ever.
/// Empty when the workload is gone or not under `claim`.
std::vector<Act> release(const Situation& situation, const std::string& claim);

/// What kImagesBeforeAnnotation says of a workload that is claimed as it is.
std::string images_before(const Json& workload);

}  // namespace patchwave::target
