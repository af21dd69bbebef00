package main

import "fmt"

// question is what rules ask of an endpoint, told apart by its ten instances, in the terms of both.
type question struct {
	name, metric, aggregation, scope, promql string
	never, always                            float64 // thresholds that no series exceeds, and that all do
}

// questions are asked in turn. In PromQL %[1]s stands for the endpoint.
func questions() []question {
	const by = "sum by (endpoint, deployment, instance) "
	const seconds = "endpoint_request_duration_seconds"
	return []question{
		{"gauge, average", "CpuUtilizationPercentage", "Average", "%s/*", `100 * avg by (endpoint, deployment, instance) (avg_over_time(instance_cpu_utilization_ratio{endpoint="%[1]s"}[5m]))`, 1e9, -1},
		{"counter, total", "GpuEnergyJoules", "Total", "%s/*", by + `(increase(gpu_energy_joules_total{endpoint="%[1]s"}[5m]))`, 1e15, -1},
		{"P99 of histograms", "RequestLatency_P99", "Average", "%s", `1000 * histogram_quantile(0.99, ` + by + `(rate(` + seconds + `{endpoint="%[1]s"}[5m])))`, 1e12, -1},
		{"error ratio", "ErrorRatio", "Average", "%s", by + `(histogram_count(increase(` + seconds + `{endpoint="%[1]s",status_code=~"[45].."}[5m]))) / ` + by + `(histogram_count(increase(` + seconds + `{endpoint="%[1]s"}[5m])))`, 1e9, -1},
	}
}

const (
	fires      = 100 // one rule in so many has a threshold that all of its series exceed
	perGroup   = 20  // Prometheus rules in a group
	pagerName  = "pager"
	probeLimit = 90.0 // per cent of CPU
)

func endpointName(i int) string { return fmt.Sprintf("e-%d", i) }
func ruleName(i int) string     { return fmt.Sprintf("rule-%d", i) }
func probeName(i int) string    { return fmt.Sprintf("probe-%d", i) }

func document(kind, name string, spec map[string]any) any {
	return map[string]any{"kind": kind, "name": name, "spec": spec}
}

// pager is the action group of rules that notify: one call for each alert.
func pager(listener string) any {
	return document("action-group", pagerName, map[string]any{"webhookReceivers": []any{
		map[string]any{"name": "listener", "serviceUri": "http://" + listener + commonPath, "useCommonAlertSchema": true},
	}})
}

// metricRule is a rule of one static criterion that is checked every minute and splits by instance.
func metricRule(name, scope, metric, aggregation, window string, threshold float64, notify bool) any {
	spec := map[string]any{
		"severity": 2, "scopes": []string{scope}, "evaluationFrequency": "PT1M", "windowSize": window,
		"criteria": map[string]any{"allOf": []any{map[string]any{
			"criterionType": "StaticThresholdCriterion", "name": "c", "metricName": metric, "timeAggregation": aggregation,
			"operator": "GreaterThan", "threshold": threshold,
			"dimensions": []any{map[string]any{"name": "instanceId", "operator": "Include", "values": []string{"*"}}},
		}}},
	}
	if notify {
		spec["actions"] = []any{map[string]any{"actionGroupId": pagerName}}
	}
	return document("alert-rule", name, spec)
}

// cpuRule fires for each instance of an endpoint whose CPU was above the limit within a minute.
func cpuRule(name, endpoint string) any {
	return metricRule(name, endpoint+"/*", "CpuUtilizationPercentage", "Maximum", "PT1M", probeLimit, true)
}

// each calls f with every rule of the load: its question, its endpoint and its threshold.
func each(o options, f func(i int, q question, endpoint string, threshold float64)) {
	list := questions()
	for i := range o.rules {
		q := list[i%len(list)]
		threshold := q.never
		if i%fires == 0 {
			threshold = q.always
		}
		f(i, q, endpointName(i/len(list)%o.endpoints), threshold)
	}
}

// loadRules are the documents of the load.
func loadRules(o options) (out []any) {
	for i := range o.probes {
		out = append(out, cpuRule(probeName(i), probeName(i)))
	}
	each(o, func(i int, q question, endpoint string, threshold float64) {
		out = append(out, metricRule(ruleName(i), fmt.Sprintf(q.scope, endpoint), q.metric, q.aggregation, "PT5M", threshold, i%fires == 0))
	})
	for i, group := range besides(o) {
		out = append(out, document("alert-rule", fmt.Sprintf("group-%d", i), map[string]any{"kind": "prometheus", "group": group}))
	}
	return out
}

func promRule(name string, q question, endpoint string, threshold float64) any {
	return map[string]any{"alert": name, "expr": fmt.Sprintf(q.promql+" > %[2]g", endpoint, threshold)}
}

func promGroup(name string, rules []any) any {
	return map[string]any{"name": name, "interval": "1m", "rules": rules}
}

// besides are the groups of Prometheus rules that every server has.
func besides(o options) (out []any) {
	list := questions()
	for i := range o.groups {
		var rules []any
		for k := range perGroup {
			n := i*perGroup + k
			q := list[n%len(list)]
			rules = append(rules, promRule(fmt.Sprintf("beside-%d", n), q, endpointName(n/len(list)%o.endpoints), q.never))
		}
		out = append(out, promGroup(fmt.Sprintf("beside-%d", i), rules))
	}
	return out
}

// prometheusGroups are all rules of the load in PromQL: in groups of 20, the probes each in one of its own.
func prometheusGroups(o options) []any {
	out := besides(o)
	for i := range o.probes {
		name := probeName(i)
		out = append(out, promGroup(name, []any{map[string]any{"alert": name, "expr": fmt.Sprintf(`100 * max_over_time(instance_cpu_utilization_ratio{endpoint="%s"}[1m]) > %g`, name, probeLimit)}}))
	}
	var rules []any
	each(o, func(i int, q question, endpoint string, threshold float64) {
		rules = append(rules, promRule(ruleName(i), q, endpoint, threshold))
		if len(rules) == perGroup || i == o.rules-1 {
			out = append(out, promGroup(fmt.Sprintf("load-%d", i/perGroup), rules))
			rules = nil
		}
	})
	return out
}
