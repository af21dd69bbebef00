package kql

import (
	"errors"
	"math"

	"github.com/endscope/endscope/logs/kql/value"
)

// activityCounts is activity_counts_metrics(id, time, start, end, step, dimensions...): for each step the rows, the ids, those of them that
// are new, and all up to it.
func (p *plugin) activityCounts() (node, error) {
	a, err := p.activity(3)
	if err != nil {
		return nil, err
	}
	return a.table(longs("count", "dcount", "new_dcount", "aggregated_dcount"), func(c []int64, list []event, add func(int64, ...value.Value)) error {
		seen := map[string]bool{}
		return eachBin(c[0], c[1], c[2], list, func(at int64, in []event) {
			before, ids := len(seen), idsOf(in)
			for id := range ids {
				seen[id] = true
			}
			if len(in) > 0 {
				add(at, int64(len(in)), int64(len(ids)), int64(len(seen)-before), int64(len(seen)))
			}
		})
	}), nil
}

// slidingWindow is sliding_window_counts(id, time, start, end, lookback, step, dimensions...): for each step the rows and ids of the time up to
// its end, as far back as the lookback reaches.
func (p *plugin) slidingWindow() (node, error) {
	a, err := p.activity(4)
	if err != nil {
		return nil, err
	}
	return a.table(longs("Count", "Dcount"), func(c []int64, list []event, add func(int64, ...value.Value)) error {
		window := newSlider(list)
		return eachBin(c[0], c[1], c[3], list, func(at int64, _ []event) {
			window.move(at+c[3]-c[2], min(at+c[3], c[1]+1))
			if len(window.ids) > 0 {
				add(at, int64(window.last-window.first), int64(len(window.ids)))
			}
		})
	}), nil
}

// activeUsers is active_users_count(id, time, start, end, lookback, period, active periods, step, dimensions...): for each step the ids that
// were there in enough periods of the lookback before one of their rows.
func (p *plugin) activeUsers() (node, error) {
	a, err := p.activity(6)
	if err != nil {
		return nil, err
	}
	return a.table(longs("dcount"), func(c []int64, list []event, add func(int64, ...value.Value)) error {
		start, end, lookback, period, enough, step := c[0], c[1], c[2], c[3], c[4], c[5]
		if period <= 0 || step <= 0 {
			return errors.New("a step of time must be more than 0")
		}
		active := map[int64]map[string]bool{} // by bin
		times := map[string][]int64{}
		for _, e := range list {
			if e.at < start-lookback || e.at > end {
				continue
			}
			back := append(times[e.id], e.at)
			for back[0] <= e.at-lookback {
				back = back[1:]
			}
			times[e.id] = back
			periods := map[int64]bool{}
			for _, t := range back {
				periods[(t-start+lookback)/period] = true
			}
			if e.at < start || int64(len(periods)) < enough {
				continue
			}
			bin := start + (e.at-start)/step*step
			if active[bin] == nil {
				active[bin] = map[string]bool{}
			}
			active[bin][e.id] = true
		}
		return eachBin(start, end, step, nil, func(at int64, _ []event) {
			if n := len(active[at]); n > 0 {
				add(at, int64(n))
			}
		})
	}), nil
}

// sessionCount is session_count(id, time, start, end, step, lookback, dimensions...): for each step how many sessions had a row in it. A
// session of an id goes on until the id is not seen for the lookback.
func (p *plugin) sessionCount() (node, error) {
	a, err := p.activity(4)
	if err != nil {
		return nil, err
	}
	return a.table(longs("count_sessions"), func(c []int64, list []event, add func(int64, ...value.Value)) error {
		type session struct {
			id string
			n  int
		}
		last, number := map[string]int64{}, map[string]int{}
		return eachBin(c[0], c[1], c[2], list, func(at int64, in []event) {
			sessions := map[session]bool{}
			for _, e := range in {
				if before, ok := last[e.id]; ok && e.at-before > c[3] {
					number[e.id]++
				}
				last[e.id] = e.at
				sessions[session{e.id, number[e.id]}] = true
			}
			if len(sessions) > 0 {
				add(at, int64(len(sessions)))
			}
		})
	}), nil
}

// span is the bounds of the constants: given, or from the first to the last event in whole steps.
func span(c []int64, list []event, with int, step int64) (start, end int64, rest []int64) {
	if len(c) == with {
		return c[0], c[1], c[2:]
	}
	if len(list) == 0 || step <= 0 {
		return 0, -1, c
	}
	return list[0].at - (list[0].at%step+step)%step, list[len(list)-1].at, c
}

// activityMetrics is activity_metrics(id, time, start, end, window, dimensions...): for each window its ids, those never seen before, and which
// share of the ids of the window before came back or did not.
func (p *plugin) activityMetrics() (node, error) {
	a, err := p.activity(1, 3)
	if err != nil {
		return nil, err
	}
	cols := append(longs("dcount_values", "dcount_newvalues"), Column{Name: "retention_rate", Type: value.Real}, Column{Name: "churn_rate", Type: value.Real})
	return a.table(cols, func(c []int64, list []event, add func(int64, ...value.Value)) error {
		start, end, rest := span(c, list, 3, c[len(c)-1])
		seen, before := map[string]bool{}, map[string]bool{}
		return eachBin(start, end, rest[0], list, func(at int64, in []event) {
			ids := idsOf(in)
			fresh, back := 0, 0
			for id := range ids {
				if !seen[id] {
					fresh++
				}
				if before[id] {
					back++
				}
				seen[id] = true
			}
			kept := math.NaN()
			if len(before) > 0 {
				kept = float64(back) / float64(len(before))
			}
			if len(in) > 0 || len(before) > 0 {
				add(at, int64(len(ids)), int64(fresh), kept, 1-kept)
			}
			before = ids
		})
	}), nil
}

// activityEngagement is activity_engagement(id, time, start, end, inner, outer, dimensions...): for each inner window its ids, those of the
// outer window that ends with it, and their ratio.
func (p *plugin) activityEngagement() (node, error) {
	a, err := p.activity(2, 4)
	if err != nil {
		return nil, err
	}
	cols := append(longs("dcount_activities_inner", "dcount_activities_outer"), Column{Name: "activity_ratio", Type: value.Real})
	return a.table(cols, func(c []int64, list []event, add func(int64, ...value.Value)) error {
		start, end, rest := span(c, list, 4, c[len(c)-2])
		inner, outer := rest[0], rest[1]
		window := newSlider(list)
		return eachBin(start, end, inner, list, func(at int64, in []event) {
			window.move(at+inner-outer, min(at+inner, end+1))
			if n := len(idsOf(in)); n > 0 && len(window.ids) > 0 {
				add(at, int64(n), int64(len(window.ids)), float64(n)/float64(len(window.ids)))
			}
		})
	}), nil
}
