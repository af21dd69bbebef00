// Package baseline learns from a metric's history between which bounds its next values should lie: dynamic thresholds.
//
// It owns the method: hourly summaries (tracker.go, slot.go), the season (season.go), the two levels (level.go), outages that are left
// out (outage.go), how far separate events of the past went (events.go), and the band made of these (model.go).
// docs/alerts/dynamic-thresholds.md tells operators how it works. It does not own when a rule fires, or where points come from.
// It may import alerts. It reads no clock and draws no random numbers: the same points give the same bounds.
//
// Bounds of a window are learned from the History before the hour in which the window ends, and from nothing else: a Tracker that ran
// for a year, one that was filled at a restart, and Fit all give the same.
package baseline
