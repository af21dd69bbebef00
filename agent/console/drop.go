package console

import (
	"fmt"
	"strings"
	"time"

	"github.com/endscope/endscope/agent/records"
)

// drop is lines that were lost for one reason, until a row tells of them.
type drop struct {
	lines    int
	bytes    int64
	from, to time.Time
}

// drop loses lines and counts them. The caller holds mu.
func (s *Stream) drop(reason string, lines int, bytes int64, from, to time.Time) {
	s.missed(reason, &drop{lines, bytes, from, to})
	s.counts[reason] += lines
}

// record hands a row on. Where there is no room for it, its lines are part of the next note; whoever had no room has counted them.
func (s *Stream) record(row records.Console) {
	if s.p.set.Record(row) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.missed(noRoom, &drop{lines: strings.Count(row.Message, "\n") + 1, bytes: int64(len(row.Message) + 1), from: row.Time, to: row.Time})
}

// noRoom is why lines are missing that were read in time, and found no room on their way to the disk.
const noRoom = "no_room"

// missed adds to what the next note tells. The caller holds mu.
func (s *Stream) missed(reason string, more *drop) {
	d := s.dropped[reason]
	if d == nil {
		s.dropped[reason] = more
		return
	}
	d.lines += more.lines
	d.bytes += more.bytes
	if more.from.Before(d.from) {
		d.from = more.from
	}
	if more.to.After(d.to) {
		d.to = more.to
	}
}

// note records a row about lines that were dropped since the last one. It returns false where there is no room even for that; then the next one tells.
func (s *Stream) note(now time.Time) (told bool) {
	s.mu.Lock()
	dropped := s.dropped
	if len(dropped) > 0 {
		s.dropped = map[string]*drop{}
	}
	s.mu.Unlock()
	told = true
	for _, reason := range []string{ReasonRateLimit, ReasonBacklog, noRoom} {
		d := dropped[reason]
		if d == nil {
			continue
		}
		why := "they were printed faster than they could be read"
		switch reason {
		case ReasonRateLimit:
			why = fmt.Sprintf("they were more than console.rate_limit, %s a second", s.p.cfg.RateLimit)
		case noRoom:
			why = "they came faster than they could be written to the disk"
		}
		row := s.lane.row
		row.Time = now
		row.Message = fmt.Sprintf("endscope-agent: %d lines (%d bytes) of %s from %s to %s were dropped: %s", d.lines, d.bytes, s.name, stamp(d.from), stamp(d.to), why)
		if !s.p.set.Record(row) {
			s.mu.Lock()
			s.missed(reason, d)
			s.mu.Unlock()
			told = false
		}
	}
	return told
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
