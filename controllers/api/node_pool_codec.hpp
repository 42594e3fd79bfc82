// Reading and writing of what a policy, a wave and its status say about nodes.
#pragma once

#include "controllers/api/node_pool.hpp"
#include "controllers/api/object_reader.hpp"

namespace patchwave::api {

/// Of a parameter of a recipe.
std::map<std::string, std::string> read_parameters(const ObjectReader& reader);

NodePool read_node_pool(const ObjectReader& fields);
Json print_node_pool(const NodePool& pool);

NodeWork read_node_work(const ObjectReader& fields);
Json print_node_work(const NodeWork& work);

NodeFacts read_node_facts(const ObjectReader& fields);
Json print_node_facts(const NodeFacts& facts);

NodeProgress read_node_progress(const ObjectReader& fields);
Json print_node_progress(const NodeProgress& progress);

}  // namespace patchwave::api
