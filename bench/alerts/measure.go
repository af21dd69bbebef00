package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/endscope/endscope/bench/kit"
	"github.com/endscope/endscope/cmd/endscope/app"
)

// measured is what was seen in one stretch of time.
type measured struct {
	took                        time.Duration
	cpu                         time.Duration // of the process, the fleet's pushes included
	memory                      uint64        // that Go holds, at the end
	evaluations, failed, missed float64
	series                      float64
	lag, duration               spread // of evaluations
	charts                      []time.Duration
}

// measure runs a server with so many rules under load.
func measure(ctx context.Context, o options, dir string, rules int) (out measured, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cfg := app.DefaultConfig()
	cfg.DataDir, cfg.Listen = filepath.Join(dir, fmt.Sprintf("data-%d", rules)), "127.0.0.1:0"
	cfg.Alerts.Evaluation.StartupDelay = o.startup
	if rules > 0 {
		file := filepath.Join(dir, "rules.json")
		if err := writeRules(file, rules, o.endpoints); err != nil {
			return out, err
		}
		cfg.Resources.ProvisioningFiles = []string{file}
	}
	registry := prometheus.NewRegistry()
	server, err := app.New(cfg, app.Settings{Logger: slog.New(slog.DiscardHandler), Registry: registry})
	if err != nil {
		return out, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return server.Run(ctx) })
	defer func() {
		cancel()
		err = errors.Join(err, group.Wait(), server.Close())
	}()
	for server.Ready() != nil {
		if err := sleepUntil(ctx, time.Now().Add(10*time.Millisecond)); err != nil {
			return out, err
		}
	}
	f, err := newFleet(o.endpoints, server.URL())
	if err != nil {
		return out, err
	}
	defer f.sender.Close()
	for at := time.Now().Add(-history); at.Before(time.Now()); at = at.Add(pushEvery) {
		if err := f.push(ctx, at, 0); err != nil {
			return out, err
		}
	}
	group.Go(func() error { return f.run(ctx) })
	if err := sleepUntil(ctx, time.Now().Add(o.warm)); err != nil {
		return out, err
	}
	return out, out.watch(ctx, registry, server.URL(), o)
}

// watch measures for a while, and asks for a chart every second.
func (m *measured) watch(ctx context.Context, registry prometheus.Gatherer, server string, o options) error {
	before, err := read(registry)
	if err != nil {
		return err
	}
	used, err := kit.ReadUsage()
	if err != nil {
		return err
	}
	begun := time.Now()
	client := &http.Client{Timeout: time.Minute}
	defer client.CloseIdleConnections()
	for n := 0; time.Since(begun) < o.measure; n++ {
		took, err := chart(ctx, client, server, n%o.endpoints)
		if err != nil {
			return err
		}
		m.charts = append(m.charts, took)
		if err := sleepUntil(ctx, begun.Add(time.Duration(n+1)*time.Second)); err != nil {
			return err
		}
	}
	m.took = time.Since(begun)
	after, err := read(registry)
	if err != nil {
		return err
	}
	now, err := kit.ReadUsage()
	if err != nil {
		return err
	}
	m.cpu = now.Own - used.Own
	m.evaluations, m.failed, m.missed = after.evaluations-before.evaluations, after.failed-before.failed, after.missed-before.missed
	m.series, m.lag, m.duration = after.series, after.lag.since(before.lag), after.duration.since(before.duration)
	slices.Sort(m.charts)
	runtime.GC() // what is left is held, not garbage
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	m.memory = stats.HeapInuse + stats.StackInuse
	return nil
}

// chart asks for what a page shows of an endpoint.
func chart(ctx context.Context, client *http.Client, server string, endpoint int) (time.Duration, error) {
	now := time.Now()
	q := url.Values{
		"scope": {fmt.Sprintf("e-%d", endpoint)}, "metric": {"RequestLatency_P99"}, "split": {"instanceId"}, "interval": {"1m"},
		"start": {now.Add(-history).UTC().Format(time.RFC3339)}, "end": {now.UTC().Format(time.RFC3339)},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/api/v1/metrics?"+q.Encode(), nil)
	if err != nil {
		return 0, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("chart: %s: %.200s", resp.Status, body)
	}
	return time.Since(now), nil
}
