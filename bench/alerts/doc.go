// Command alerts measures what alert rules cost, and whether notifications survive kills. It fills a real server with the series of a fleet
// that are pushed live, stores thousands of metric rules and some groups of Prometheus rules through the API, and reads CPU, memory, lag,
// durations, and the time from a value above its threshold to the call of a webhook. Debian's Prometheus gets the same series and the
// same rules in PromQL, one after the other. With -kill the server is killed again and again while alerts fire and resolve, and every
// notification is compared with what should have come.
//
// It owns the fleet, the rules, the listener, and the report. It may import bench/kit and internal/subproc, and in its test the packages
// whose values it makes.
package main
