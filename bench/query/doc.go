// Command query asks Endscope, the Prometheus whose TSDB and engine it embeds, and Debian's VictoriaMetrics the same questions of a
// dashboard over the same data, one after the other in turn, and prints how long each took and whether their answers agree.
//
//	make build && scripts/debian-tools victoria-metrics && go run ./bench/query -dir .cache/query
//
// The data are a day of a fleet: 20 endpoints × 4 deployments × 5 instances, the 60 series of bench/ingest each and a native histogram
// of request durations by status, at 15 s, made from a seed while they are pushed. VictoriaMetrics, which has no such histograms at this
// version, gets classic buckets of the same observations. Some instances restart, and one instance is slow in the last hour. The data end
// when they are loaded; with -dir they are loaded once and asked many times.
//
// Before anything is measured, each server must hold every sample. Then every question is asked for a few rounds, each with an
// end of its own. A question whose answers disagree makes the program fail, and the report says by how much each peer differs:
//
//   - Endscope with and without its roll-ups, and Prometheus with the modifier `anchored`, must give equal values;
//   - plain `increase` of Prometheus extrapolates, which is what people use and what is timed;
//   - quantiles of VictoriaMetrics must lie in the same bucket of its coarser histograms.
//
// It owns the data, the questions and the report. It may import bench/kit, internal/subproc and Prometheus's wire types, and nothing of
// the server: it knows Endscope only as a binary.
package main
