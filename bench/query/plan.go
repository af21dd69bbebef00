package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// spacing is the time between two samples of a series.
const spacing = 15 * time.Second

// perBatch is the number of rounds of a series that one request holds: a minute.
const perBatch = 4

// plan says what data the servers hold. The same plan gives the same samples.
type plan struct {
	Seed                              uint64
	Endpoints, Deployments, Instances int
	Span                              time.Duration // that the longest question covers
	End                               time.Time     // no sample is later; a whole minute
}

// margin is how much earlier than the longest question the data begin, so that each round can ask for another span.
func (p plan) margin() time.Duration { return min(time.Hour, (p.Span / 2).Truncate(5*time.Minute)) }

func (p plan) start() time.Time { return p.End.Add(-p.Span - p.margin()) }

func (p plan) rounds() int { return int(p.End.Sub(p.start()) / spacing) }

func (p plan) instances() int { return p.Endpoints * p.Deployments * p.Instances }

// same says whether two plans make the same data but for the time.
func (p plan) same(other plan) bool {
	p.End, other.End = time.Time{}, time.Time{}
	return p == other
}

// manifest is kept beside the data of each server.
type manifest struct {
	Plan   plan
	Expect map[string]int // samples by metric name, as the server must hold them
}

func manifestPath(dir, server string) string { return filepath.Join(dir, server+".json") }

// readManifest returns nil where the server has no whole data in dir.
func readManifest(dir, server string) (*manifest, error) {
	text, err := os.ReadFile(manifestPath(dir, server))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("read %s: %w", manifestPath(dir, server), err)
	}
	return &m, nil
}

func (m manifest) write(dir, server string) error {
	text, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(manifestPath(dir, server), text, 0o644)
}
