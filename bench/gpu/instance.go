package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/endscope/endscope/agent"
	"github.com/endscope/endscope/agent/gpu"
	"github.com/endscope/endscope/agent/nvml"
)

// instance is a collector for one child, and what it has said.
type instance struct {
	name      string
	collector *gpu.Collector
	pids      atomic.Pointer[[]int]
	calls     calls
	stdout    io.Writer

	seen  map[string]*span // by name and labels
	took  []time.Duration  // of the rounds
	cpu   []time.Duration  // of the process in them, everything else that it does included
	own   []time.Duration  // of the threads that call the driver in them
	round map[string]float64

	mu     sync.Mutex
	events []gpu.HealthEvent
}

// span is the lowest and highest value of a series.
type span struct {
	low, high float64
	rounds    int
}

// newInstance makes a collector over the driver of this machine.
func newInstance(name string, stdout, stderr io.Writer) (*instance, error) {
	i := &instance{name: name, stdout: stdout, seen: map[string]*span{}}
	i.hold()
	log := slog.New(slog.NewTextHandler(stderr, nil)).With("instance", name)
	var err error
	i.collector, err = gpu.New(gpu.DefaultConfig(), gpu.Settings{
		Logger: log, Source: &timedSource{nvml.New(log), &i.calls},
		Pids:      func() []int { return *i.pids.Load() },
		KernelLog: gpu.OpenKernelLog,
		OnEvent: func(e gpu.HealthEvent) {
			i.mu.Lock()
			defer i.mu.Unlock()
			i.events = append(i.events, e)
		},
	})
	return i, err
}

// hold sets the processes of the instance.
func (i *instance) hold(pids ...int) {
	list := append([]int{}, pids...)
	i.pids.Store(&list)
}

// collect makes one round.
func (i *instance) collect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r := &agent.Round{Time: time.Now()}
	i.calls.take()
	before, began := processorTime(syscall.RUSAGE_SELF), time.Now()
	err := i.collector.Collect(ctx, r)
	took, cpu := time.Since(began), processorTime(syscall.RUSAGE_SELF)-before
	i.took, i.cpu = append(i.took, took), append(i.cpu, cpu)
	list := i.calls.take()
	var own time.Duration
	for _, c := range list {
		own += c.cpu
	}
	i.own = append(i.own, own)
	if took > slowRound {
		fmt.Fprintf(i.stdout, "  slow: round %d of %s took %s (CPU of the process %s): %s\n", len(i.took), i.name, took.Round(time.Millisecond), cpu.Round(time.Millisecond), slowest(list))
	}
	i.round = map[string]float64{}
	for _, reading := range r.Readings {
		var labels []string
		for n, name := range reading.Desc.Labels {
			if v := reading.LabelValues[n]; v != "" && name != "model" {
				labels = append(labels, name+"="+v)
			}
		}
		key := reading.Desc.Name + "{" + strings.Join(labels, ",") + "}"
		i.round[key] = reading.Value
		s := i.seen[key]
		if s == nil {
			s = &span{low: reading.Value, high: reading.Value}
			i.seen[key] = s
		}
		s.low, s.high, s.rounds = min(s.low, reading.Value), max(s.high, reading.Value), s.rounds+1
	}
	return err
}

// share returns the instance's share of the first GPU in the latest round.
func (i *instance) share() (gpu.Share, bool) {
	for _, d := range i.collector.Devices() {
		if d.Index == 0 && len(d.Shares) > 0 {
			return d.Shares[0], true
		}
	}
	return gpu.Share{}, false
}

// first returns the value of the latest round whose name and labels begin with a prefix.
func (i *instance) first(prefix string) (float64, bool) {
	for _, key := range slices.Sorted(maps.Keys(i.round)) {
		if strings.HasPrefix(key, prefix) {
			return i.round[key], true
		}
	}
	return 0, false
}

// report prints every series with its bounds, what cannot be read, and what rounds cost.
func (i *instance) report(w io.Writer) {
	fmt.Fprintf(w, "\n## Every series of instance %s\n\n| series | lowest | highest | rounds |\n|---|---|---|---|\n", i.name)
	for _, key := range slices.Sorted(maps.Keys(i.seen)) {
		s := i.seen[key]
		fmt.Fprintf(w, "| %s | %.6g | %.6g | %d |\n", key, s.low, s.high, s.rounds)
	}
	fmt.Fprintf(w, "\nrounds: %d; time min %s, median %s, max %s; CPU of the driver's calls median %s, max %s; CPU of the process median %s, max %s\n", len(i.took), slices.Min(i.took), median(i.took), slices.Max(i.took), median(i.own), slices.Max(i.own), median(i.cpu), slices.Max(i.cpu))
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, e := range i.events {
		fmt.Fprintf(w, "event: %+v\n", e)
	}
}

func median(list []time.Duration) time.Duration {
	sorted := slices.SortedFunc(slices.Values(list), cmp.Compare)
	return sorted[len(sorted)/2]
}
