package query_test

import (
	"slices"
	"time"

	"github.com/endscope/endscope/scopes"
)

// rule says what the values of a metric must be.
type rule func(q *asked, a scopes.Aggregation) truth

func same(v float64) float64       { return v }
func percent(v float64) float64    { return 100 * v }
func complement(v float64) float64 { return 1 - v }

// rules is what every metric of the catalogue means, in the words of its description. A metric without a rule fails the test.
func rules() map[string]rule {
	const requests = "endpoint_request_duration_seconds"
	served := side{name: requests, f: observations}
	failed := func(codes ...string) side {
		return side{name: requests, c: where("status_code", codes...), f: observations}
	}
	perMinute := func(name string) rule { return counted(name, nil, increase, time.Minute, 1) }
	energy := side{name: "gpu_energy_joules_total", f: increase}
	gpuTime := side{name: "gpu_time_seconds_total", f: increase}
	tokens := side{name: "model_tokens_total", f: increase}
	blind := func(s side, dimensions ...string) side { s.blind = dimensions; return s }
	out := map[string]rule{
		"RequestsPerMinute":             counted(requests, nil, observations, time.Minute, 1),
		"ErrorRatio":                    ratio(failed("404", "424", "429", "503"), served, true, same),
		"Availability":                  ratio(failed("424", "503"), served, true, func(v float64) float64 { return 100 * (1 - v) }),
		"TrafficSkew":                   skew,
		"RequestsInFlight":              instantSum("endpoint_requests_in_flight"),
		"ConnectionsActive":             instantSum("endpoint_connections_active"),
		"NewConnectionsPerSecond":       counted("endpoint_connections_opened_total", nil, increase, time.Second, 1),
		"NetworkBytes":                  counted("endpoint_network_bytes_total", nil, increase, time.Second, 1),
		"DataCollectionEventsPerMinute": perMinute("endpoint_data_collection_events_total"),
		"DataCollectionErrorsPerMinute": perMinute("endpoint_data_collection_errors_total"),
		"StreamErrors":                  perMinute("endpoint_stream_errors_total"),

		"TokensPerSecond":       counted("model_tokens_total", nil, increase, time.Second, 1),
		"TokensPerSecondPerGpu": ratio(tokens, blind(gpuTime, "direction"), false, same),
		"ModelRequestsRunning":  instantSum("model_requests_running"),
		"ModelRequestsWaiting":  instantSum("model_requests_waiting"),
		"RequestHeadroom":       instantShare("model_requests_running", "model_requests_max", complement),
		"CacheUtilization":      sampled("model_cache_utilization_ratio", nil, percent),
		"CacheHeadroom":         sampled("model_cache_utilization_ratio", nil, complement),
		"PrefixCacheHitRatio": ratio(side{name: "model_prefix_cache_tokens_total", c: where("result", "hit"), f: increase},
			side{name: "model_prefix_cache_tokens_total", f: increase}, true, same),
		"QueueShare":            ratio(side{name: "model_queue_duration_seconds", f: total}, side{name: "model_request_duration_seconds", f: total}, false, same),
		"ModelRequestsFinished": perMinute("model_requests_finished_total"),
		"ModelRequestsRejected": perMinute("model_requests_rejected_total"),
		"ModelPreemptions":      perMinute("model_preemptions_total"),

		"CpuUtilizationPercentage":       sampled("instance_cpu_utilization_ratio", nil, percent),
		"CpuMemoryUtilizationPercentage": sampled("instance_memory_utilization_ratio", nil, percent),
		"DiskUtilization":                sampled("instance_disk_utilization_ratio", nil, percent),
		"InstanceRestarts":               perMinute("instance_restarts_total"),
		"ReadyInstances":                 instantSum("instance_ready"),
		"DeploymentCapacity":             capacity,
		"AgentFreshness":                 glimpsed(15*time.Second, freshness),

		"GpuUtilizationPercentage":         sampled("gpu_utilization_ratio", nil, percent),
		"GpuMemoryUtilizationPercentage":   sampled("gpu_memory_utilization_ratio", nil, percent),
		"GpuEnergyJoules":                  perMinute("gpu_energy_joules_total"),
		"GpuPower":                         instantSum("gpu_power_watts"),
		"GpuTemperature":                   sampled("gpu_temperature_celsius", nil, same),
		"GpuMemoryTemperature":             sampled("gpu_memory_temperature_celsius", nil, same),
		"GpuClock":                         sampled("gpu_clock_hertz", where("clock", "sm"), same),
		"GpuMemoryClock":                   sampled("gpu_clock_hertz", where("clock", "memory"), same),
		"GpuSmActivity":                    sampled("gpu_sm_activity_ratio", nil, percent),
		"GpuSmOccupancy":                   sampled("gpu_sm_occupancy_ratio", nil, percent),
		"GpuTensorActivity":                sampled("gpu_tensor_activity_ratio", nil, percent),
		"GpuDramActivity":                  sampled("gpu_dram_activity_ratio", nil, percent),
		"GpuThrottleRatio":                 throttled,
		"GpuXidErrors":                     perMinute("gpu_xid_errors_total"),
		"GpuEccErrors":                     perMinute("gpu_ecc_errors_total"),
		"InstanceGpuUtilizationPercentage": sampled("instance_gpu_utilization_ratio", nil, percent),
		"InstanceGpuMemoryBytes":           instantSum("instance_gpu_memory_bytes"),
		"GpuHours":                         counted("gpu_time_seconds_total", nil, increase, 0, 1.0/3600),
		"IdleGpuHours":                     counted("gpu_time_seconds_total", where("state", "unbound", "bound_idle"), increase, 0, 1.0/3600),
		"EnergyPerRequest":                 ratio(energy, served, false, same),
		"EnergyPerToken":                   ratio(blind(energy, "direction"), tokens, false, same),
	}
	for name, series := range histograms() {
		factor := 1000.0 // milliseconds
		if name == "RequestSize" || name == "ResponseSize" {
			factor = 1
		}
		out[name] = mean(series, nil, factor)
		out[name+"_P50"] = quantile(series, nil, 50, factor)
		out[name+"_P90"] = quantile(series, nil, 90, factor)
		out[name+"_P95"] = quantile(series, nil, 95, factor)
		out[name+"_P99"] = quantile(series, nil, 99, factor)
	}
	for name, c := range map[string]which{"StartDuration": where("phase", "total"), "StartPhaseDuration": where("phase", "weights_load", "compile")} {
		const starts = "instance_start_duration_seconds"
		out[name] = mean(starts, c, 1000)
		out[name+"_P50"] = quantile(starts, c, 50, 1000)
		out[name+"_P95"] = quantile(starts, c, 95, 1000)
	}
	return out
}

// histograms are the metrics that are means of histograms, and their series.
func histograms() map[string]string {
	return map[string]string{
		"RequestLatency": "endpoint_request_duration_seconds", "UploadLatency": "endpoint_upload_duration_seconds", "ModelLatency": "endpoint_model_duration_seconds",
		"DownloadLatency": "endpoint_download_duration_seconds", "TimeToFirstToken": "endpoint_time_to_first_token_seconds",
		"InterTokenLatency": "endpoint_inter_token_latency_seconds", "QueueTime": "endpoint_queue_duration_seconds",
		"ModelRequestLatency": "model_request_duration_seconds", "ModelQueueTime": "model_queue_duration_seconds", "ModelPrefillTime": "model_prefill_duration_seconds",
		"ModelDecodeTime": "model_decode_duration_seconds", "ModelTimeToFirstToken": "model_time_to_first_token_seconds",
		"ModelInterTokenLatency": "model_inter_token_latency_seconds", "ModelTimePerOutputToken": "model_time_per_output_token_seconds",
		"RequestSize": "endpoint_request_size_bytes", "ResponseSize": "endpoint_response_size_bytes",
	}
}

// capacity counts the instances that are known, or by state those that report and those that do not.
func capacity(q *asked, a scopes.Aggregation) truth {
	const day, minute = int64(24 * time.Hour / time.Millisecond), int64(time.Minute / time.Millisecond)
	return looked(time.Minute, func(q *asked, at int64) map[group]float64 {
		out := map[group]float64{}
		for _, in := range q.world.known {
			known, ready := false, false
			for _, s := range in.tells {
				lo, hi := s.inside(span{at - day, at})
				known = known || hi > lo
				x, ok := s.instant(at)
				ready = ready || ok && x.at > at-minute
			}
			if !known {
				continue
			}
			states := map[string]float64{"ready": 0, "missing": 1}
			if ready {
				states = map[string]float64{"ready": 1, "missing": 0}
			}
			for state, n := range states {
				ls := map[string]string{scopes.LabelDeployment: in.path.Deployment, scopes.LabelInstance: in.path.Instance, "state": state}
				if g, ok := q.groupOf(in.path, ls); ok {
					out[g] += n
				}
			}
		}
		return out
	})(q, a)
}

// freshness is how many seconds ago the newest heartbeat of each instance was. Of an instance without heartbeats that is known to 15 seconds.
func freshness(q *asked, at int64, a scopes.Aggregation) map[group]bound {
	const day, step = int64(24 * time.Hour / time.Millisecond), int64(15 * time.Second / time.Millisecond)
	lows, highs := map[group][]float64{}, map[group][]float64{}
	for _, in := range q.world.known {
		newest := func(at int64) (newest int64) {
			for _, s := range in.tells {
				if lo, hi := s.inside(span{at - day, at}); hi > lo {
					newest = max(newest, s.live[hi-1].at)
				}
			}
			return newest
		}
		n := newest(at)
		g, ok := q.groupOf(in.path, map[string]string{scopes.LabelDeployment: in.path.Deployment, scopes.LabelInstance: in.path.Instance})
		if n == 0 || !ok {
			continue
		}
		low, high := float64(at-n)/1000, float64(at-n)/1000
		if !in.beats {
			low -= float64(step) / 1000
			if n = newest(at / step * step); n == 0 {
				continue // it has just come
			}
			high = float64(at-n) / 1000
		}
		lows[g], highs[g] = append(lows[g], low), append(highs[g], high)
	}
	out := map[group]bound{}
	for g := range lows {
		low, _ := folded(a, lows[g])
		high, _ := folded(a, highs[g])
		out[g] = bound{low: low, high: high}
	}
	return out
}

// skew is the most requests of an instance over the mean of the instances that have any samples; split by instance it is the requests of
// each over the mean of all.
func skew(q *asked, _ scopes.Aggregation) truth {
	type counts struct {
		each map[scopes.Path]float64
		sum  float64
	}
	out := truth{}
	each := slices.Contains(q.split, "instanceId")
	// All instances that are asked for, by all of the split but the instance.
	all := *q
	all.not, all.folded, all.split = nil, false, slices.DeleteFunc(slices.Clone(q.split), func(name string) bool { return name == "instanceId" })
	if !each {
		all = *q
	}
	for i, w := range q.spans {
		byGroup := map[group]*counts{}
		for g, list := range all.of("endpoint_request_duration_seconds", nil) {
			for _, s := range list {
				if n, ok := observations(s, w); ok {
					if byGroup[g] == nil {
						byGroup[g] = &counts{each: map[scopes.Path]float64{}}
					}
					byGroup[g].each[s.path] += n
					byGroup[g].sum += n
				}
			}
		}
		for g, c := range byGroup {
			mean := c.sum / float64(len(c.each))
			if mean == 0 {
				continue
			}
			most := 0.0
			for path, n := range c.each {
				if most = max(most, n/mean); !each {
					continue
				}
				ls := map[string]string{scopes.LabelDeployment: path.Deployment, scopes.LabelInstance: path.Instance}
				if g, ok := q.groupOf(path, ls); ok {
					v := n / mean
					if have := out[g]; have != nil && have[i] != nil {
						v = max(v, have[i].low) // several are folded: the largest
					}
					out.set(q, g, i, exactly(v))
				}
			}
			if !each {
				out.set(q, g, i, exactly(most))
			}
		}
	}
	return out
}

// throttled is the time that clocks were held down over the time that the GPUs had.
func throttled(q *asked, _ scopes.Aggregation) truth {
	out := truth{}
	for g, list := range q.of("gpu_throttle_seconds_total", nil) {
		for i, w := range q.spans {
			gpus, sum := map[string]bool{}, 0.0
			for _, s := range list {
				if v, ok := increase(s, w); ok {
					gpus[s.path.String()+" "+s.ls["gpu"]] = true
					sum += v
				}
			}
			if len(gpus) > 0 {
				out.set(q, g, i, exactly(sum/float64(len(gpus))/(float64(w.to-w.from)/1000)))
			}
		}
	}
	return out
}

// known is an instance and the series that tell whether it lives: its heartbeats, or all of them where it has none.
type known struct {
	path  scopes.Path
	beats bool
	tells []*rawSeries
}

func (w *world) instances() (out []known) {
	for _, m := range w.members {
		in := known{path: m.path}
		for _, beats := range []bool{true, false} {
			for name, list := range w.series {
				beat := name == "agent_build_info" || name == "instance_cpu_utilization_ratio" || name == "instance_ready"
				for _, s := range list {
					if s.path == m.path && beat == beats {
						in.tells = append(in.tells, s)
					}
				}
			}
			if len(in.tells) > 0 {
				in.beats = beats
				break
			}
		}
		out = append(out, in)
	}
	return out
}
