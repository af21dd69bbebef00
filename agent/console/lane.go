package console

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/endscope/endscope/agent/records"
	"github.com/endscope/endscope/agent/redact"
)

// slack is how much more than max_line is kept of a line until secrets are redacted, so that none is half cut off and then not recognised.
const slack = 4 << 10

// lane takes the lines of one stream of one source in order and makes rows of them. It is used by one goroutine at a time.
type lane struct {
	p       *Pipeline
	source  string // what Settings.Line is told
	row     records.Console
	out     func(records.Console)
	join    joiner
	key     redact.KeyBlock
	scratch []byte

	// Parts of a line that Docker or Kubernetes wrote in pieces.
	part      []byte
	partOpen  bool
	partCut   int
	partAt    time.Time
	partFrom  int64
	partSince time.Time
}

func (p *Pipeline) newLane(source, stream, container string, out func(records.Console)) *lane {
	l := &lane{p: p, source: source, out: out, row: records.Console{Container: container, Image: p.cfg.Image, Stream: stream}}
	l.join = joiner{cfg: p.cfg.Multiline, start: p.start, emit: func(at time.Time, message string) {
		row := l.row
		row.Time, row.Message = at, message
		l.out(row)
	}}
	return l
}

// piece takes a part of a line; more says that it is not the last. Cut is how many bytes the part lost before.
func (l *lane) piece(at, now time.Time, text []byte, cut int, more bool, offset int64) {
	if !l.partOpen && !more {
		l.line(at, now, text, cut, offset)
		return
	}
	if !l.partOpen {
		l.partOpen, l.partAt, l.partFrom, l.part, l.partCut = true, at, offset, l.part[:0], 0
	}
	l.partSince = now
	room := max(int(l.p.cfg.MaxLine)+slack-len(l.part), 0)
	if len(text) > room {
		l.partCut += len(text) - room
		text = text[:room]
	}
	l.part = append(l.part, text...)
	l.partCut += cut
	if !more {
		l.endPiece(now)
	}
}

func (l *lane) endPiece(now time.Time) {
	if !l.partOpen {
		return
	}
	l.partOpen = false
	l.line(l.partAt, now, l.part, l.partCut, l.partFrom)
	if cap(l.part) > 4<<10 {
		l.part = nil
	}
}

// line takes a whole line without its end. Cut is how many bytes it had beyond what is in text.
func (l *lane) line(at, now time.Time, text []byte, cut int, offset int64) {
	if line, hidden := l.prepare(at, text, cut); !hidden {
		l.join.add(at, now, line, offset)
	}
}

// message takes lines that their source gave as one, so that they are one row.
func (l *lane) message(at, now time.Time, text []byte, offset int64) {
	text = bytes.TrimRight(text, "\n\r")
	if bytes.IndexByte(text, '\n') < 0 {
		l.line(at, now, text, 0, offset)
		return
	}
	l.flush(now)
	var row []byte
	limit := int(l.p.cfg.Multiline.MaxBytes)
	for part := range bytes.SplitSeq(text, []byte{'\n'}) {
		line, hidden := l.prepare(at, part, 0)
		switch {
		case hidden:
		case len(row)+len(line)+1 <= limit:
			row = append(append(row, line...), '\n')
		default:
			l.join.emit(at, string(bytes.TrimRight(row, "\n")))
			row = append(append(row[:0], line...), '\n')
		}
	}
	if row = bytes.TrimRight(row, "\n"); len(row) > 0 {
		l.join.emit(at, string(row))
	}
}

// prepare makes text of what a source wrote: cleaned, without secrets, and not too long. Hidden says that nothing is left of a line of a private key.
func (l *lane) prepare(at time.Time, text []byte, cut int) (line string, hidden bool) {
	b := clean(text, l.scratch)
	if len(b) > 0 && len(text) > 0 && &b[0] != &text[0] && cap(b) <= 64<<10 {
		l.scratch = b[:0] // grown by clean
	}
	line = string(bytes.TrimRight(b, " \t"))
	if l.p.cfg.RedactSecrets {
		if line, hidden = l.key.Hides(line); hidden {
			l.p.metrics.redactions.Inc()
			return "", true
		}
	}
	line, n := l.p.redact.Line(line)
	l.p.metrics.redactions.Add(float64(n))
	if limit := int(l.p.cfg.MaxLine); len(line) > limit || cut > 0 {
		whole := len(line)
		for limit = min(limit, whole); limit < whole && limit > 0 && !utf8.RuneStart(line[limit]); limit-- {
		}
		l.p.metrics.cut.Inc()
		line = fmt.Sprintf("%s… [%d bytes more]", line[:limit], whole-limit+cut)
	}
	if l.p.set.Line != nil && line != "" {
		l.p.set.Line(at, l.source, line)
	}
	return line, false
}

// expire gives out what has waited long enough.
func (l *lane) expire(now time.Time) {
	if l.partOpen && now.Sub(l.partSince) >= l.p.cfg.PartialWait {
		l.endPiece(now)
	}
	l.join.expire(now)
}

// flush gives out everything.
func (l *lane) flush(now time.Time) {
	l.endPiece(now)
	l.join.flush()
}

// pending returns where the oldest byte that has not become part of a row begins, and false when none is held.
func (l *lane) pending() (int64, bool) {
	switch {
	case l.join.open: // it began before any part of a later line
		return l.join.offset, true
	case l.partOpen:
		return l.partFrom, true
	}
	return 0, false
}

// inOrder returns the lanes that hold something, that which began first before the others.
func inOrder(lanes map[string]*lane) []*lane {
	var held []*lane
	for _, l := range lanes {
		if _, ok := l.pending(); ok {
			held = append(held, l)
		}
	}
	slices.SortFunc(held, func(a, b *lane) int {
		x, _ := a.pending()
		y, _ := b.pending()
		return cmp.Compare(x, y)
	})
	return held
}
