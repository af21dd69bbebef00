package kql

import "testing"

func TestActivityPlugins(t *testing.T) {
	const visits = `let T = datatable(u:string, t:datetime, k:string)["a", datetime(2026-01-01), "x", "b", datetime(2026-01-01 05:00), "y", "a", datetime(2026-01-02), "x", "c", datetime(2026-01-02), "x", "a", datetime(2026-01-02 01:00), "y", "c", datetime(2026-01-05), "x"]; T `
	const from = `datetime(2026-01-01), datetime(2026-01-06), `
	runCases(t, []queryCase{
		{name: "counts", query: visits + `| evaluate activity_counts_metrics(u, t, ` + from + `1d)`, columns: "t:datetime count:long dcount:long new_dcount:long aggregated_dcount:long",
			rows: []string{"2026-01-01T00:00:00Z|2|2|2|2", "2026-01-02T00:00:00Z|3|2|1|3", "2026-01-05T00:00:00Z|1|1|0|3"}},
		{name: "counts by a dimension", query: visits + `| evaluate activity_counts_metrics(u, t, ` + from + `2d, k) | where k == "y"`, columns: "t:datetime k:string count:long dcount:long new_dcount:long aggregated_dcount:long",
			rows: []string{"2026-01-01T00:00:00Z|y|2|2|2|2"}},
		{name: "bounds of a table", query: visits + `| evaluate activity_counts_metrics(u, t, toscalar(T | summarize min(t)), toscalar(T | summarize max(t)), 30d) | project dcount`, columns: "dcount:long", rows: []string{"3"}},
		{name: "a sliding window", query: visits + `| evaluate sliding_window_counts(u, t, ` + from + `2d, 1d)`, columns: "t:datetime Count:long Dcount:long",
			rows: []string{"2026-01-01T00:00:00Z|2|2", "2026-01-02T00:00:00Z|5|3", "2026-01-03T00:00:00Z|3|2", "2026-01-05T00:00:00Z|1|1", "2026-01-06T00:00:00Z|1|1"}},
		{name: "active in enough periods", query: visits + `| evaluate active_users_count(u, t, ` + from + `4d, 1d, 2, 1d)`, columns: "t:datetime dcount:long", rows: []string{"2026-01-02T00:00:00Z|1", "2026-01-05T00:00:00Z|1"}},
		{name: "sessions", query: `datatable(u:string, t:long)["a", 0, "a", 3, "a", 20, "b", 4] | evaluate session_count(u, t, 0, 30, 10, 5)`, columns: "t:long count_sessions:long", rows: []string{"0|2", "20|1"}},
		{name: "who comes back", query: visits + `| evaluate activity_metrics(u, t, ` + from + `1d)`, columns: "t:datetime dcount_values:long dcount_newvalues:long retention_rate:real churn_rate:real",
			rows: []string{"2026-01-01T00:00:00Z|2|2|NaN|NaN", "2026-01-02T00:00:00Z|2|1|0.5|0.5", "2026-01-03T00:00:00Z|0|0|0.0|1.0", "2026-01-05T00:00:00Z|1|0|NaN|NaN", "2026-01-06T00:00:00Z|0|0|0.0|1.0"}},
		{name: "without bounds", query: visits + `| evaluate activity_metrics(u, t, 1d) | project dcount_values`, columns: "dcount_values:long", rows: []string{"2", "2", "0", "1"}},
		{name: "engagement", query: visits + `| evaluate activity_engagement(u, t, ` + from + `1d, 2d)`, columns: "t:datetime dcount_activities_inner:long dcount_activities_outer:long activity_ratio:real",
			rows: []string{"2026-01-01T00:00:00Z|2|2|1.0", "2026-01-02T00:00:00Z|2|3|0.6666666666666666", "2026-01-05T00:00:00Z|1|1|1.0"}},
		{name: "no rows", query: visits + `| where false | evaluate activity_counts_metrics(u, t, ` + from + `1d)`, columns: "t:datetime count:long dcount:long new_dcount:long aggregated_dcount:long"},
		{name: "unknown column", query: visits + `| evaluate session_count(zz, t, ` + from + `1d, 1d)`, err: "'zz'"},
		{name: "time of text", query: visits + `| evaluate session_count(u, k, ` + from + `1d, 1d)`, err: "A datetime, a timespan or a whole number is expected, and this is a string"},
		{name: "too few constants", query: visits + `| evaluate sliding_window_counts(u, t, ` + from + `1d)`, err: "It takes 4 constants after the id and the time, and there are 3"},
		{name: "constant of another type", query: visits + `| evaluate activity_counts_metrics(u, t, ` + from + `"1d")`, err: "a string"},
		{name: "step", query: visits + `| evaluate activity_counts_metrics(u, t, ` + from + `0d)`, err: "must be more than 0"},
		{name: "too many steps", query: visits + `| evaluate activity_counts_metrics(u, t, ` + from + `1ms)`, err: "steps of time: 1048576"},
	})
}

func TestRollingPercentile(t *testing.T) {
	const data = `range i from 0 to 95 step 1 | project t = datetime(2026-01-01) + i * 1h, v = i + 1, k = iff(i % 2 == 0, "e", "o") `
	runCases(t, []queryCase{
		{name: "bins before count", query: data + `| evaluate rolling_percentile(v, 50, t, 1d, 2)`, columns: "t:datetime rolling_2_percentile_v_50:long", rows: []string{"2026-01-01T00:00:00Z|12", "2026-01-02T00:00:00Z|24", "2026-01-03T00:00:00Z|48", "2026-01-04T00:00:00Z|72"}},
		{name: "dimensions", query: data + `| evaluate rolling_percentile(v, 50, t, 1d, 4, k) | take 2`, columns: "t:datetime k:string rolling_4_percentile_v_50:long", rows: []string{"2026-01-01T00:00:00Z|e|11", "2026-01-01T00:00:00Z|o|12"}},
		{name: "bins without rows count as bins", query: `datatable(x:long, v:long)[1, 10, 12, 20, 31, 30] | evaluate rolling_percentile(v, 100, x, 10, 2)`, columns: "x:long rolling_2_percentile_v_100:long", rows: []string{"0|10", "10|20", "30|30"}},
		{name: "no rows", query: data + `| where false | evaluate rolling_percentile(v, 99.9, t, 1d, 2)`, columns: "t:datetime rolling_2_percentile_v_99_9:long"},
		{name: "unknown column", query: data + `| evaluate rolling_percentile(zz, 50, t, 1d, 2)`, err: "'zz'"},
		{name: "index of text", query: data + `| evaluate rolling_percentile(v, 50, k, 1, 2)`, err: "and this is a string"},
		{name: "size", query: data + `| evaluate rolling_percentile(v, 50, t, 0d, 2)`, err: "must be more than 0"},
	})
}

func TestSequenceDetect(t *testing.T) {
	const data = `datatable(u:string, t:datetime, e:string)["a", datetime(2026-01-01 00:00), "in", "a", datetime(2026-01-01 00:50), "in", "a", datetime(2026-01-01 01:00), "buy", "b", datetime(2026-01-01 00:00), "in", "b", datetime(2026-01-01 09:00), "buy", "a", datetime(2026-01-02), "in", "a", datetime(2026-01-02 00:05), "buy"] `
	runCases(t, []queryCase{
		{name: "steps in time", query: data + `| evaluate sequence_detect(t, 30m, 2h, came = (e == "in"), bought = (e == "buy"), u)`, columns: "u:string came_t:datetime bought_t:datetime Duration:timespan",
			rows: []string{"a|2026-01-01T00:50:00Z|2026-01-01T01:00:00Z|00:10:00", "a|2026-01-02T00:00:00Z|2026-01-02T00:05:00Z|00:05:00"}},
		{name: "no rows", query: data + `| where false | evaluate sequence_detect(t, 30m, 2h, came = (e == "in"), u)`, columns: "u:string came_t:datetime Duration:timespan"},
		{name: "no conditions", query: data + `| evaluate sequence_detect(t, 30m, 2h, u)`, err: "It needs a condition for each step"},
		{name: "unknown column", query: data + `| evaluate sequence_detect(zz, 30m, 2h, e == "in")`, err: "'zz'"},
	})
}

func TestAddressLookup(t *testing.T) {
	const data = `let R = datatable(net:string, name:string, env:string)["10.0.0.0/8", "wide", "p", "10.1.0.0/16", "narrow", "p", "192.168.1.7", "one", "q", "fe80::/10", "six", "p"]; datatable(ip:string, env:string)["10.1.2.3", "p", "10.9.9.9", "q", "192.168.1.7", "q", "8.8.8.8", "p", "fe80::1", "p", "no", "p"] `
	runCases(t, []queryCase{
		{name: "ranges", query: data + `| evaluate ipv4_lookup(R, ip, net) | project ip, name`, columns: "ip:string name:string", rows: []string{"10.1.2.3|narrow", "10.1.2.3|wide", "10.9.9.9|wide", "192.168.1.7|one", "fe80::1|six"}},
		{name: "a further key", query: data + `| evaluate ipv4_lookup(R, ip, net, env)`, columns: "ip:string env:string net:string name:string", rows: []string{"10.1.2.3|p|10.1.0.0/16|narrow", "10.1.2.3|p|10.0.0.0/8|wide", "192.168.1.7|q|192.168.1.7|one", "fe80::1|p|fe80::/10|six"}},
		{name: "unmatched", query: data + `| evaluate ipv6_lookup(R, ip, net, return_unmatched = true) | where isempty(name) | project ip`, columns: "ip:string", rows: []string{"8.8.8.8", "no"}},
		{name: "no rows", query: data + `| where false | evaluate ipv4_lookup(R, ip, net)`, columns: "ip:string env:string net:string name:string env1:string"},
		{name: "unknown column", query: data + `| evaluate ipv4_lookup(R, ip, zz)`, err: "'zz'"},
		{name: "a key of one table", query: data + `| evaluate ipv4_lookup(R, ip, net, name)`, err: "'name' is not a column of both tables"},
	})
}

func TestFunnels(t *testing.T) {
	const data = `datatable(u:string, t:datetime, s:string)["a", datetime(2026-01-01 00:00), "home", "a", datetime(2026-01-01 00:10), "cart", "a", datetime(2026-01-01 00:20), "pay", "b", datetime(2026-01-01 01:00), "cart", "b", datetime(2026-01-01 20:00), "pay", "c", datetime(2026-01-02 01:00), "home", "c", datetime(2026-01-02 01:05), "cart"] `
	const from = `datetime(2026-01-01), datetime(2026-01-03), `
	runCases(t, []queryCase{
		{name: "states around", query: data + `| evaluate funnel_sequence(u, t, ` + from + `1h, 1d, s, dynamic(["cart"]))`, columns: "t:datetime prev:string next:string dcount:long samples:dynamic",
			rows: []string{`2026-01-01T00:00:00Z|home|pay|1|["a"]`, `2026-01-01T00:00:00Z|||1|["b"]`, `2026-01-02T00:00:00Z|home||1|["c"]`}},
		{name: "a sequence of two", query: data + `| evaluate funnel_sequence(u, t, ` + from + `1h, 1d, s, dynamic(["home", "cart"]))`, columns: "t:datetime prev:string next:string dcount:long samples:dynamic",
			rows: []string{`2026-01-01T00:00:00Z||pay|1|["a"]`, `2026-01-02T00:00:00Z|||1|["c"]`}},
		{name: "completion", query: data + `| evaluate funnel_sequence_completion(u, t, ` + from + `7d, s, dynamic(["cart", "pay"]), dynamic([1h, 1d]))`, columns: "t:datetime s:string Period:timespan dcount:long",
			rows: []string{"2026-01-01T00:00:00Z|cart|01:00:00|3", "2026-01-01T00:00:00Z|pay|01:00:00|1", "2026-01-01T00:00:00Z|cart|1.00:00:00|3", "2026-01-01T00:00:00Z|pay|1.00:00:00|2"}},
		{name: "no rows", query: data + `| where false | evaluate funnel_sequence_completion(u, t, ` + from + `7d, s, dynamic(["cart"]), dynamic([1h]))`, columns: "t:datetime s:string Period:timespan dcount:long"},
		{name: "unknown column", query: data + `| evaluate funnel_sequence(u, t, ` + from + `1h, 1d, zz, dynamic(["cart"]))`, err: "'zz'"},
		{name: "no sequence", query: data + `| evaluate funnel_sequence(u, t, ` + from + `1h, 1d, s, dynamic([]))`, err: "The sequence is an array of states"},
		{name: "no period", query: data + `| evaluate funnel_sequence_completion(u, t, ` + from + `1d, s, dynamic(["cart"]), dynamic(["x"]))`, err: "'x' is no timespan"},
	})
}
