package grafana

import (
	"fmt"
	"strings"
)

// requests is the request histogram in the level's scope, with more matchers.
func (l level) requests(more ...string) string {
	return l.rate("endpoint_request_duration_seconds", more...)
}

// rate is the rate of a series in the level's scope.
func (l level) rate(series string, more ...string) string {
	return "rate(" + l.in(series, more...) + "[$__rate_interval])"
}

// in selects a series in the level's scope.
func (l level) in(series string, more ...string) string {
	return series + "{" + strings.Join(append([]string{l.scope()}, more...), ", ") + "}"
}

// failed selects the answers that are errors.
const failed = `status_code=~"[45].."`

// errorShare has a value wherever there are requests, also where none of them failed.
func (l level) errorShare(by string) string {
	sum := "sum"
	if by != "" {
		sum = "sum " + by + " "
	}
	all := fmt.Sprintf("%s(histogram_count(%s))", sum, l.requests())
	return fmt.Sprintf("(%s(histogram_count(%s)) or 0 * %s) / %s", sum, l.requests(failed), all, all)
}

func (l level) overview(b *builder) {
	b.stat(chart{title: "Requests per second", description: "Requests that were answered, whatever the answer.", unit: "reqps", width: 6,
		queries: []query{{"sum(histogram_count(" + l.requests() + "))", "requests"}}})
	b.stat(chart{title: "Error share", description: "Share of the requests that were answered with a status of 400 or above. No value without requests.", unit: "percentunit", width: 6, share: true,
		queries: []query{{l.errorShare(""), "errors"}}})
	b.stat(chart{title: "P99 latency", description: "99 of 100 requests were answered within this time: of all requests of the " + l.name + ", never a mean of percentiles.", unit: "s", width: 6,
		queries: []query{{"histogram_quantile(0.99, sum(" + l.requests() + "))", "P99"}}})
	if l.children == nil {
		b.stat(chart{title: "Reports since", description: "Time since the machine or the container of the instance started.", unit: "s", width: 6,
			queries: []query{{"max(" + l.in("instance_uptime_seconds") + ")", "uptime"}}})
		return
	}
	b.stat(chart{title: "Instances that report", description: "Instances whose agent has pushed in the last minutes.", unit: "short", width: 6,
		queries: []query{{"count(count by (deployment, instance) (" + l.in("agent_build_info") + "))", "instances"}}})
}

func (l level) traffic(b *builder) {
	b.row("Traffic")
	wide := 24 // an instance has no split of what the overview shows
	if l.children != nil {
		wide = 12
		b.lines(chart{title: "Requests per second" + l.split(), description: "Requests that were answered. Click a series to drill down.", unit: "reqps", width: 12, stacked: true,
			queries: []query{{"sum " + l.by() + " (histogram_count(" + l.requests() + "))", l.legend()}}})
	}
	b.lines(chart{title: "Requests per second by status", description: "What clients got. 424 means that the endpoint worked and the model behind it failed.", unit: "reqps", width: wide, stacked: true, noLinks: true,
		queries: []query{{"sum by (status_code) (histogram_count(" + l.requests() + "))", "{{status_code}}"}}})
	b.lines(chart{title: "Requests in flight" + l.split(), description: "Requests that are being answered at this moment.", unit: "short", width: 8,
		queries: []query{{"sum " + l.by() + " (" + l.in("endpoint_requests_in_flight") + ")", l.legend()}}})
	b.lines(chart{title: "Connections", description: "Connections that are open, and how many clients open per second.", unit: "short", width: 8, noLinks: true,
		queries: []query{
			{"sum(" + l.in("endpoint_connections_active") + ")", "open"},
			{"sum(" + l.rate("endpoint_connections_opened_total") + ")", "opened per second"},
		}})
	b.lines(chart{title: "Network", description: "Bytes over clients' connections, headers included.", unit: "Bps", width: 8, noLinks: true,
		queries: []query{{"sum by (direction) (" + l.rate("endpoint_network_bytes_total") + ")", "{{direction}}"}}})
	b.lines(chart{title: "Body size, P95", description: "Size of requests' and answers' bodies that 95 of 100 do not exceed.", unit: "bytes", width: 12, noLinks: true,
		queries: []query{
			{"histogram_quantile(0.95, sum(" + l.rate("endpoint_request_size_bytes") + "))", "request"},
			{"histogram_quantile(0.95, sum(" + l.rate("endpoint_response_size_bytes") + "))", "answer"},
		}})
	b.lines(chart{title: "Data collection events per minute", description: "Events of the traffic that were collected, by type.", unit: "short", width: 12, noLinks: true,
		queries: []query{{"60 * sum by (type) (" + l.rate("endpoint_data_collection_events_total") + ")", "{{type}}"}}})
}

func (l level) latency(b *builder) {
	b.row("Latency")
	b.lines(chart{title: "Latency percentiles", description: "From the first byte of a request to the last byte of its answer: percentiles of all requests, from merged histograms.", unit: "s", width: 12, noLinks: true,
		queries: []query{
			{"histogram_quantile(0.50, sum(" + l.requests() + "))", "P50"},
			{"histogram_quantile(0.90, sum(" + l.requests() + "))", "P90"},
			{"histogram_quantile(0.95, sum(" + l.requests() + "))", "P95"},
			{"histogram_quantile(0.99, sum(" + l.requests() + "))", "P99"},
		}})
	b.heat(chart{title: "Latency distribution", description: "How many requests per second took how long. Two bands mean two kinds of requests or instances.", unit: "s", width: 12,
		queries: []query{{"sum(" + l.requests() + ")", ""}}})
	if l.children != nil {
		b.lines(chart{title: "P99 latency" + l.split(), description: "Where the slow requests come from. Click a series to drill down.", unit: "s", width: 12,
			queries: []query{{"histogram_quantile(0.99, sum " + l.by() + " (" + l.requests() + "))", l.legend()}}})
		b.bars(chart{title: "Slowest instances, P99", description: "Every instance of the " + l.name + ", the slowest first. Click one to open it.", unit: "s", width: 12,
			queries: []query{{"sort_desc(histogram_quantile(0.99, sum by (deployment, instance) (" + l.requests() + ")))", "{{deployment}} {{instance}}"}}})
	}
	b.lines(chart{title: "Time in the model, P99" + l.split(), description: "From the last byte of a request to the first byte of the model's answer. What is left of the latency is network and queueing.", unit: "s", width: 12,
		queries: []query{{"histogram_quantile(0.99, sum " + l.by() + " (" + l.rate("endpoint_model_duration_seconds") + "))", l.legend()}}})
	b.lines(chart{title: "Mean latency" + l.split(), description: "Sum of all durations over their number. A percentile tells more.", unit: "s", width: 12,
		queries: []query{{"histogram_avg(sum " + l.by() + " (" + l.requests() + "))", l.legend()}}})
}

func (l level) errors(b *builder) {
	b.row("Errors")
	wide := 24
	if l.children != nil {
		wide = 12
		b.lines(chart{title: "Error share" + l.split(), description: "Share of the requests that were answered with a status of 400 or above. No value without requests.", unit: "percentunit", width: 12,
			queries: []query{{l.errorShare(l.by()), l.legend()}}})
	}
	b.lines(chart{title: "Errors per second by status and model status", description: "The endpoint's status and the model's own: 424 with 500 is a model that failed; 400 without one is a request that never reached it.", unit: "reqps", width: wide, stacked: true, noLinks: true,
		queries: []query{{"sum by (status_code, model_status_code) (histogram_count(" + l.requests(failed) + "))", "{{status_code}}, model {{model_status_code}}"}}})
}

func (l level) resources(b *builder) {
	b.row("Resources")
	b.lines(chart{title: "CPU utilisation" + l.split(), description: "Share of the CPUs that an instance may use; the busiest instance counts. In a container its limit counts, not the machine's.", unit: "percentunit", width: 12, share: true,
		queries: []query{{"max " + l.by() + " (" + l.in("instance_cpu_utilization_ratio") + ")", l.legend()}}})
	b.lines(chart{title: "Memory utilisation" + l.split(), description: "Share of the memory that an instance may use; the fullest instance counts.", unit: "percentunit", width: 12, share: true,
		queries: []query{{"max " + l.by() + " (" + l.in("instance_memory_utilization_ratio") + ")", l.legend()}}})
	b.lines(chart{title: "Network of the machine", description: "Bytes that the network devices of the machines moved, for every purpose. A machine that instances share counts for each.", unit: "Bps", width: 12, noLinks: true,
		queries: []query{{"sum by (direction) (" + l.rate("instance_network_bytes_total") + ")", "{{direction}}"}}})
	b.lines(chart{title: "Disk utilisation", description: "Used share of every local disk.", unit: "percentunit", width: 12, share: true, noLinks: true,
		queries: []query{{"max " + l.by("disk") + " (" + l.in("instance_disk_utilization_ratio") + ")", l.legend("disk")}}})
}

func (l level) gpu(b *builder) {
	b.row("GPU")
	gpu := func(c chart, series string) {
		c.queries = []query{{"max by (gpu) (" + l.in(series) + ")", "GPU {{gpu}}"}}
		if l.children != nil {
			c.queries = []query{{"avg " + l.by() + " (" + l.in(series) + ")", l.legend()}}
		}
		b.lines(c)
	}
	gpu(chart{title: "GPU utilisation" + l.split(), description: "Share of the time in which any kernel ran. It says nothing about how much of the GPU that kernel used.", unit: "percentunit", width: 8, share: true}, "gpu_utilization_ratio")
	gpu(chart{title: "SM activity" + l.split(), description: "Share of the multiprocessors' cycles with work: how much of the GPU is used. Hopper and newer.", unit: "percentunit", width: 8, share: true}, "gpu_sm_activity_ratio")
	gpu(chart{title: "GPU memory in use" + l.split(), description: "Used ÷ total memory.", unit: "percentunit", width: 8, share: true}, "gpu_memory_utilization_ratio")
	b.lines(chart{title: "GPU power" + l.split(), description: "Power that the boards draw, summed.", unit: "watt", width: 8,
		queries: []query{{"sum " + l.by() + " (" + l.in("gpu_power_watts") + ")", l.legend()}}})
	b.lines(chart{title: "GPU temperature" + l.split(), description: "Of the hottest GPU.", unit: "celsius", width: 8,
		queries: []query{{"max " + l.by() + " (" + l.in("gpu_temperature_celsius") + ")", l.legend()}}})
	b.lines(chart{title: "Energy per request", description: "Energy that the GPUs used ÷ requests answered.", unit: "joule", width: 8, noLinks: true,
		queries: []query{{"sum(" + l.rate("gpu_energy_joules_total") + ") / sum(histogram_count(" + l.requests() + "))", "J per request"}}})
	b.lines(chart{title: "Clocks held down, by reason", description: "Share of the time for which the clocks of a GPU were held down; reasons can overlap.", unit: "percentunit", width: 24, noLinks: true,
		queries: []query{{"max by (reason) (" + l.rate("gpu_throttle_seconds_total") + ")", "{{reason}}"}}})
}

func (l level) agent(b *builder) {
	b.row("Agent")
	b.lines(chart{title: "Collectors that work", description: "1 where a collector's last run gave all that it should, in every instance; 0 after an error, a timeout, or while it hangs.", unit: "short", width: 12, share: true, noLinks: true,
		queries: []query{{"min by (collector) (" + l.in("agent_collector_success") + ")", "{{collector}}"}}})
	b.lines(chart{title: "Oldest round that waits" + l.split(), description: "Age of the oldest round that an agent keeps because the server has not taken it yet.", unit: "s", width: 12,
		queries: []query{{"max " + l.by() + " (" + l.in("agent_spool_oldest_age_seconds") + ")", l.legend()}}})
}
