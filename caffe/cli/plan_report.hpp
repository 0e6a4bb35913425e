#ifndef CAFFE_CLI_PLAN_REPORT_HPP_
#define CAFFE_CLI_PLAN_REPORT_HPP_

#include <cstdint>
#include <string>
#include <vector>

#include "caffe/cli/drop_forecast.hpp"
#include "caffe/cli/line_chart.hpp"

namespace caffe::cli {

/// Every option of the method that is in force, and whether the solver's file sets it.
std::string OptionsText(const SolverParameter& solver, const DropForecast& forecast);

/// Every layer with weights: its channels and probability, or why it is not eligible.
std::string LayersText(const Eligibility& eligibility, const DropOptions& options);

/// Rates and expected shares at the first and the last iteration, where a rate changes, and at
/// points between; then the means over the run.
std::string RatesText(const DropForecast& forecast);

/// The first `count` plans that choose a layer, from iteration 0 on.
std::string PlansText(const DropForecast& forecast, uint64_t seed, int count);

/// The iterations of the table of rates, in rising order: the first, the last, up to 24 of those
/// with changes, and up to 7 in between.
std::vector<int64_t> RateTableIterations(const DropForecast& forecast);

/// Drop rates, learning rate and expected shares over the iterations.
LineChart RateChart(const DropForecast& forecast, const std::string& title);

}  // namespace caffe::cli

#endif  // CAFFE_CLI_PLAN_REPORT_HPP_
