// Command baseline judges dynamic thresholds (alerts/baseline) on series that it makes, with known anomalies: precision, recall and number
// of alerts at each sensitivity, beside mean ± 3σ and the best static thresholds. It prints the tables of docs/alerts/dynamic-thresholds.md.
//
// It owns the series, the rules compared and the report. It may import alerts/baseline and bench/kit.
package main
