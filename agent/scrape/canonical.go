package scrape

import (
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/agent"
)

// canonical is one canonical series that a mapping may write.
type canonical struct {
	agent.Desc
	required []string            // labels that every series has
	values   map[string][]string // labels with a closed set of values
	withOf   *agent.Desc         // the same with the label target, for agents with several targets
}

// modelLabels and gpuLabels are what any series of the family may have beside its own labels.
func modelLabels() []string { return []string{"engine", "model", "model_version"} }

func gpuLabels() []string {
	return []string{"compute_instance", "gpu", "gpu_instance", "model", "profile", "uuid"}
}

// canonicalMetrics returns the table of all canonical series that mappings may write, by name. It is the one place that knows their types and units.
func canonicalMetrics() map[string]*canonical {
	all := map[string]*canonical{}
	add := func(typ model.MetricType, name, help string, own ...string) *canonical {
		labels := slices.Clone(own)
		switch {
		case strings.HasPrefix(name, "model_"):
			labels = append(labels, modelLabels()...)
		case strings.HasPrefix(name, "gpu_"):
			labels = append(labels, gpuLabels()...)
		}
		slices.Sort(labels)
		c := &canonical{Desc: agent.Desc{Name: name, Help: help, Type: typ, Unit: unitOf(name), Labels: slices.Compact(labels)}, values: map[string][]string{}}
		with := c.Desc
		with.Labels = append(slices.Clone(c.Labels), targetLabel)
		c.withOf = &with
		all[name] = c
		return c
	}
	gauge, counter, histogram := model.MetricTypeGauge, model.MetricTypeCounter, model.MetricTypeHistogram
	closed := func(c *canonical, label string, values ...string) {
		c.required = append(c.required, label)
		c.values[label] = values
	}

	add(histogram, "model_request_duration_seconds", "Time from a request's arrival in the engine to its end, by the engine's clock.")
	add(histogram, "model_queue_duration_seconds", "Time that a request waited in the engine before its work began.")
	add(histogram, "model_prefill_duration_seconds", "Time that a request spent in prefill.")
	add(histogram, "model_decode_duration_seconds", "Time that a request spent in decode.")
	add(histogram, "model_time_to_first_token_seconds", "Time from a request's arrival in the engine to its first token.")
	add(histogram, "model_inter_token_latency_seconds", "Time between two tokens of one request.")
	add(histogram, "model_time_per_output_token_seconds", "Mean time per output token of one request.")
	closed(add(counter, "model_tokens_total", "Tokens that the engine took in (input) and generated (output).", "direction"), "direction", "input", "output")
	closed(add(histogram, "model_request_tokens", "Tokens of one request: its prompt (input) and its answer (output).", "direction"), "direction", "input", "output")
	add(gauge, "model_requests_running", "Requests that the engine works on.")
	add(gauge, "model_requests_waiting", "Requests that wait in the engine.")
	add(gauge, "model_requests_max", "Most requests that the engine works on at once.")
	add(gauge, "model_batch_requests", "Requests in the running batch.")
	add(gauge, "model_cache_utilization_ratio", "Share of the key-value cache in use.")
	add(gauge, "model_cache_capacity_tokens", "Tokens that the key-value cache can hold.")
	closed(add(counter, "model_prefix_cache_tokens_total", "Prompt tokens that were looked up in the prefix cache, found (hit) or not (miss).", "result", "tier"), "result", "hit", "miss")
	add(counter, "model_preemptions_total", "Requests that the engine put back to make room for others.", "kind")
	closed(add(counter, "model_requests_finished_total", "Requests that ended, by why.", "reason"), "reason", "stop", "length", "abort", "error", "other")
	add(counter, "model_requests_rejected_total", "Requests that the engine refused, by why.", "reason")

	add(histogram, "endpoint_request_duration_seconds", "Time from a request's first byte to its answer's last.", "status_code", "model_status_code")
	add(histogram, "endpoint_model_duration_seconds", "Time from a request's last byte to the model's first.")
	add(histogram, "endpoint_request_size_bytes", "Size of a request's body.")
	add(histogram, "endpoint_response_size_bytes", "Size of an answer's body.")
	add(gauge, "endpoint_requests_in_flight", "Requests that are being answered.")
	add(gauge, "endpoint_connections_active", "Open connections.")
	add(counter, "endpoint_connections_opened_total", "Connections that were opened.")
	closed(add(counter, "endpoint_network_bytes_total", "Bytes that the endpoint moved.", "direction"), "direction", "receive", "transmit")
	closed(add(counter, "endpoint_throttle_delay_seconds_total", "Time for which the bandwidth limit held bytes back.", "direction"), "direction", "request", "response")
	add(histogram, "endpoint_time_to_first_token_seconds", "Time from a request's last byte to its first token, by the proxy's clock.", "streaming")
	add(histogram, "endpoint_inter_token_latency_seconds", "Time between two tokens, by the proxy's clock.", "streaming")
	add(histogram, "endpoint_queue_duration_seconds", "Time that a request waited in the proxy.")
	add(counter, "endpoint_stream_errors_total", "Answers of 2xx and upgraded connections that broke off, by why.", "reason")

	add(gauge, "gpu_utilization_ratio", "Share of the last sample period in which any kernel ran.")
	add(gauge, "gpu_memory_utilization_ratio", "Used ÷ total memory.")
	closed(add(gauge, "gpu_memory_bytes", "Memory of the GPU.", "state"), "state", "total", "used", "free", "reserved")
	add(gauge, "gpu_power_watts", "Power draw of the whole board.")
	add(gauge, "gpu_power_limit_watts", "Power limit in force.")
	add(gauge, "gpu_temperature_celsius", "Temperature of the GPU die.")
	add(gauge, "gpu_memory_temperature_celsius", "Temperature of the memory.")
	closed(add(gauge, "gpu_clock_hertz", "Current frequency.", "clock"), "clock", "graphics", "sm", "memory", "video")
	add(gauge, "gpu_sm_activity_ratio", "Share of SM cycles with at least one warp.")
	add(gauge, "gpu_sm_occupancy_ratio", "Resident warps ÷ the most that could be resident.")
	add(gauge, "gpu_tensor_activity_ratio", "Share of cycles in which any tensor pipe was active.")
	add(gauge, "gpu_dram_activity_ratio", "Share of the peak memory bandwidth in use.")
	closed(add(gauge, "gpu_remapped_rows", "Memory rows mapped away.", "kind"), "kind", "correctable", "uncorrectable", "pending", "failure")
	add(counter, "gpu_energy_joules_total", "Energy used by the whole board.")
	add(counter, "gpu_xid_errors_total", "XID errors that the driver reported.", "xid")
	closed(add(counter, "gpu_ecc_errors_total", "ECC errors.", "type"), "type", "corrected", "uncorrected")
	add(counter, "gpu_throttle_seconds_total", "Time for which clocks were held down.", "reason").required = []string{"reason"}
	closed(add(counter, "gpu_pcie_bytes_total", "Bytes over PCIe, seen from the GPU.", "direction"), "direction", "transmit", "receive")
	closed(add(counter, "gpu_nvlink_bytes_total", "Bytes over all NVLinks, seen from the GPU.", "direction"), "direction", "transmit", "receive")

	add(histogram, "instance_start_duration_seconds", "Time that a phase of a start took.", "outcome", "phase").required = []string{"phase"}
	return all
}

// unitOf reads the base unit off a canonical name.
func unitOf(name string) string {
	name = strings.TrimSuffix(name, "_total")
	for _, unit := range []string{"seconds", "bytes", "ratio", "joules", "watts", "celsius", "hertz", "tokens"} {
		if strings.HasSuffix(name, "_"+unit) {
			return unit
		}
	}
	return ""
}
