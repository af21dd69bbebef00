package main

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/endscope/endscope/internal/subproc"
)

// verify asks how many samples of every metric the server holds, and returns an error that names the first one whose count is
// still wrong after a while: VictoriaMetrics shows its last samples some seconds late.
func (r *running) verify(ctx context.Context, m manifest) error {
	for _, name := range slices.Sorted(maps.Keys(m.Expect)) {
		want := m.Expect[name]
		late, cancel := context.WithTimeout(ctx, time.Minute)
		err := subproc.Await(late, func(ctx context.Context) error {
			got, err := r.count(ctx, name, m.Plan)
			if err == nil && got != want {
				err = fmt.Errorf("%s: %s has %d of %d samples", r.name, name, got, want)
			}
			return err
		})
		cancel()
		if err != nil {
			return fmt.Errorf("samples are missing after every request was acknowledged: %w", err)
		}
	}
	return nil
}

// count returns the number of samples of one metric over the time of the plan.
func (r *running) count(ctx context.Context, name string, p plan) (int, error) {
	if r.classic && name == durations {
		name += "_count"
	}
	expr := fmt.Sprintf("sum(count_over_time(%s[%ds]))", name, int((p.End.Sub(p.start()) + spacing).Seconds()))
	body, err := subproc.Get(ctx, r.base+"/api/v1/query", url.Values{"query": {expr}, "time": {strconv.FormatInt(p.End.Unix(), 10)}, "nocache": {"1"}})
	if err != nil {
		return 0, err
	}
	values, err := readPrometheus(body, nil, 0)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", expr, err)
	}
	return int(values[""][0]), nil
}
