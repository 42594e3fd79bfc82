#include "controllers/api/statistical_gate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::api {
namespace {

using testing::HasSubstr;

Json counter_gate() {
  return {{"name", "errors"}, {"counter", {{"events", "failed"}, {"exposure", "all"}}}, {"tolerate", "2"}};
}

std::string problem_with(const Json& gate) {
  const auto parsed = parse_statistical_gate(gate);
  return parsed ? "no problem" : parsed.error().message;
}

TEST(AStatisticalGate, IsReadBackAsItWasPrinted) {
  const auto gate = parse_statistical_gate(counter_gate());
  ASSERT_TRUE(gate) << gate.error().message;
  EXPECT_EQ(gate->tolerate, 2);
  const auto again = parse_statistical_gate(print_statistical_gate(*gate));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(print_statistical_gate(*again), print_statistical_gate(*gate));
}

TEST(AStatisticalGate, KeepsSmallNumbersAsDecimals) {
  auto object = counter_gate();
  object["alpha"] = "0.000000125";
  const auto gate = parse_statistical_gate(object);
  ASSERT_TRUE(gate) << gate.error().message;
  EXPECT_EQ(print_statistical_gate(*gate)["alpha"], "0.000000125");
}

TEST(AStatisticalGate, MayHaveTheIntervalOfThePolicyItIsCopiedFrom) {
  auto gate = counter_gate();
  gate["interval"] = "30s";
  EXPECT_EQ(problem_with(gate), "no problem");
}

TEST(AStatisticalGate, WithAMisspeltFieldIsRefusedByItsNameWithTheFieldsThereAre) {
  auto gate = counter_gate();
  gate["tolerat"] = "3";
  EXPECT_THAT(problem_with(gate), HasSubstr("tolerat"));
  EXPECT_THAT(problem_with(gate), HasSubstr("name, counter, histogram, gauge, tolerate, alpha, beta"));
  gate = counter_gate();
  gate["counter"]["exposed"] = "all";
  EXPECT_THAT(problem_with(gate), HasSubstr("exposed"));
}

TEST(AStatisticalGate, IsOfExactlyOneKind) {
  auto gate = counter_gate();
  gate["gauge"] = {{"metric", "memory"}};
  EXPECT_THAT(problem_with(gate), HasSubstr("only one of them"));
  gate.erase("gauge");
  gate.erase("counter");
  EXPECT_THAT(problem_with(gate), HasSubstr("only one of them"));
}

TEST(AStatisticalGate, NamesANumberThatIsOutsideOfWhatIsAllowed) {
  auto gate = counter_gate();
  gate["tolerate"] = "0.5";
  EXPECT_THAT(problem_with(gate), HasSubstr("is '0.5' and must be a decimal number above 1"));
}

}  // namespace
}  // namespace patchwave::api
