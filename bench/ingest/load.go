package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"

	"github.com/endscope/endscope/bench/kit"
)

// spacing is the time between two samples of a series.
const spacing = 15 * time.Second

// plan says how much to push. The zero value of a field is not allowed.
type plan struct {
	name                              string
	endpoints, deployments, instances int
	histograms                        bool // add a 48-series histogram to each deployment
	rounds                            int  // samples of each series
	perRequest                        int  // samples per request; a connection's last request may hold fewer
	conns                             int  // connections; each series stays on one, so that its samples arrive in order
}

// bulkPlan returns the load of few senders with full requests; a scale of 1 is two hours of samples.
func bulkPlan(scale float64, quick bool) plan {
	p := plan{name: "bulk", endpoints: 20, deployments: 3, instances: 10, histograms: true, rounds: scaled(480, scale), perRequest: 2000, conns: 4}
	if quick {
		p.endpoints, p.rounds, p.perRequest = 2, 8, 500
	}
	return p
}

// fleetPlan returns the load of 2,000 agents that push 60 samples each, round after round.
func fleetPlan(scale float64, quick bool) plan {
	p := plan{name: "fleet", endpoints: 20, deployments: 10, instances: 10, rounds: scaled(20, scale), perRequest: 60, conns: 64}
	if quick {
		p.endpoints, p.deployments, p.rounds, p.conns = 2, 5, 3, 8
	}
	return p
}

func scaled(rounds int, scale float64) int { return max(3, int(float64(rounds)*scale+0.5)) }

// request is one pre-built body.
type request struct {
	body    []byte // compressed; never written to after it is built
	samples int
	first   bool // holds samples of the first round, whose series the server has to create
}

// load is what a plan pushes: for every connection its requests, in order.
type load struct {
	plan   plan
	conns  [][]request
	series int
	bytes  int // of all bodies

	samples int
	expect  map[string]int // samples by metric name
	start   time.Time      // of the first round
	end     time.Time      // of the last round
}

func (l *load) requests() int {
	n := 0
	for _, c := range l.conns {
		n += len(c)
	}
	return n
}

// build makes the load of p in the given remote-write message, its last samples at end. The same arguments give the same bytes.
func build(ctx context.Context, p plan, proto proto, end time.Time) (*load, error) {
	all := world(p.endpoints, p.deployments, p.instances, p.histograms, rand.New(rand.NewPCG(1, uint64(len(p.name)))))
	end = end.Truncate(time.Second)
	l := &load{
		plan: p, series: len(all), samples: len(all) * p.rounds, conns: make([][]request, p.conns), expect: map[string]int{},
		end: end, start: end.Add(-time.Duration(p.rounds-1) * spacing),
	}
	for _, s := range all {
		l.expect[s.Labels.Get(model.MetricNameLabel)] += p.rounds
	}
	// Whole requests of series are dealt out in turn, so that in the fleet plan one request is one agent's.
	mine := make([][]*kit.Series, p.conns)
	for i := 0; i*p.perRequest < len(all); i++ {
		c := i % p.conns
		mine[c] = append(mine[c], all[i*p.perRequest:min(len(all), (i+1)*p.perRequest)]...)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for c := range mine {
		g.Go(func() error {
			var err error
			l.conns[c], err = encodeAll(ctx, p, proto, mine[c], l.start, rand.New(rand.NewPCG(2, uint64(c))))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("build the %s load: %w", p.name, err)
	}
	for _, c := range l.conns {
		for _, r := range c {
			l.bytes += len(r.body)
		}
	}
	return l, nil
}

// encodeAll returns the requests of one connection: round after round of its series, cut every perRequest samples.
func encodeAll(ctx context.Context, p plan, proto proto, mine []*kit.Series, start time.Time, r *rand.Rand) ([]request, error) {
	var out []request
	enc := newEncoder(proto)
	flush := func(first bool) error {
		body, err := enc.finish()
		if err != nil {
			return err
		}
		out = append(out, request{body: body, samples: enc.samples, first: first})
		enc.reset()
		return nil
	}
	first := false
	for round := range p.rounds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		at := start.Add(time.Duration(round) * spacing).UnixMilli()
		for _, s := range mine {
			first = first || round == 0
			enc.add(s, at, s.Next(r))
			if enc.samples == p.perRequest {
				if err := flush(first); err != nil {
					return nil, err
				}
				first = false
			}
		}
	}
	if enc.samples == 0 {
		return out, nil
	}
	return out, flush(first)
}
