package console

import (
	"fmt"
	"time"
)

// drop is lines that were lost for one reason, until a row tells of them.
type drop struct {
	lines    int
	bytes    int64
	from, to time.Time
}

func (s *Stream) drop(reason string, lines int, bytes int64, from, to time.Time) {
	d := s.dropped[reason]
	if d == nil {
		d = &drop{from: from}
		s.dropped[reason] = d
	}
	d.lines += lines
	d.bytes += bytes
	d.to = to
	s.counts[reason] += lines
}

// note records a row about lines that were dropped since the last one.
func (s *Stream) note(now time.Time) {
	s.mu.Lock()
	dropped := s.dropped
	if len(dropped) > 0 {
		s.dropped = map[string]*drop{}
	}
	s.mu.Unlock()
	for _, reason := range []string{ReasonRateLimit, ReasonBacklog} {
		d := dropped[reason]
		if d == nil {
			continue
		}
		why := "they were printed faster than they could be read"
		if reason == ReasonRateLimit {
			why = fmt.Sprintf("they were more than console.rate_limit, %s a second", s.p.cfg.RateLimit)
		}
		row := s.lane.row
		row.Time = now
		row.Message = fmt.Sprintf("endscope-agent: %d lines (%d bytes) of %s from %s to %s were dropped: %s", d.lines, d.bytes, s.name, stamp(d.from), stamp(d.to), why)
		s.lane.out(row)
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
