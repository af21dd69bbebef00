package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/endscope/endscope/agent"
)

// reading is what one collector gave.
type reading struct {
	name  string
	round *agent.Round
	err   error
}

// read runs every collector that the configuration turns on, one after the other; with a wait it does so twice and returns the
// second rounds. The collectors are closed again.
func read(ctx context.Context, cfg Config, log *slog.Logger, wait time.Duration) (rounds []reading, err error) {
	list, err := sources(cfg, log)
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, s := range list {
			err = errors.Join(err, s.Collector.Close())
		}
	}()
	rounds = readAll(ctx, list)
	if wait <= 0 {
		return rounds, nil
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(wait):
	}
	return readAll(ctx, list), nil
}

func readAll(ctx context.Context, list []agent.Source) []reading {
	var rounds []reading
	for _, s := range list {
		timeout := s.Timeout
		if timeout == 0 {
			timeout = 10 * time.Second
		}
		ctx, cancel := context.WithTimeout(ctx, timeout)
		r := reading{name: s.Collector.Name(), round: &agent.Round{Time: time.Now()}}
		r.err = s.Collector.Collect(ctx, r.round)
		cancel()
		rounds = append(rounds, r)
	}
	return rounds
}

// writeText writes a round in the Prometheus text format, families in the order of their names.
func writeText(w io.Writer, round *agent.Round) error {
	readings := slices.Clone(round.Readings)
	slices.SortStableFunc(readings, func(a, b agent.Reading) int { return strings.Compare(a.Desc.Name, b.Desc.Name) })
	var b strings.Builder
	var family *agent.Desc
	for _, r := range readings {
		if r.Desc != family {
			family = r.Desc
			fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", family.Name, strings.ReplaceAll(family.Help, "\n", " "), family.Name, family.Type)
		}
		if r.Hist != nil {
			b.WriteString(line(family.Name+"_count", r, float64(r.Hist.Count)))
			b.WriteString(line(family.Name+"_sum", r, r.Hist.Sum))
			continue
		}
		b.WriteString(line(family.Name, r, r.Value))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func line(name string, r agent.Reading, value float64) string {
	var pairs []string
	for i, v := range r.LabelValues {
		if v != "" {
			pairs = append(pairs, r.Desc.Labels[i]+"="+strconv.Quote(v))
		}
	}
	if len(pairs) > 0 {
		name += "{" + strings.Join(pairs, ",") + "}"
	}
	return name + " " + strconv.FormatFloat(value, 'g', -1, 64) + "\n"
}

// serverReady asks the server whether it takes pushes.
func serverReady(ctx context.Context, cfg agent.Config) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(cfg.Server, "/")+"/-/ready", nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
		return fmt.Errorf("answered %s: %s", resp.Status, strings.TrimSpace(string(text)))
	}
	return nil
}
