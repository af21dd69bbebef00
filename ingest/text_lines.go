package ingest

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/prometheus/prometheus/model/textparse"
)

// lines reads a format of lines. Upstream's parsers stop at the first error and do not say where, but what they return lies in the
// buffer, so its place is known; reading goes on behind the line that follows it.
func (t *textPush) lines(body []byte) {
	if len(body) == 0 || body[len(body)-1] != '\n' {
		last := bytes.LastIndexByte(body, '\n') + 1
		if t.media == openMetricsMedia && string(body[last:]) != "# EOF" {
			body = body[:last] // cut short: its value may be too
		} else {
			body = append(body, '\n')
		}
	}
	if len(body) == 0 {
		body = append(body, '\n')
	}
	buf := append(body, 0)[:len(body)] // upstream's parser appends one byte: it must not have to copy
	r := &lineReader{textPush: t, buf: buf, countedLine: 1}
	for from := 0; from < len(buf); {
		from = r.part(from)
	}
	t.endFamily()
}

// lineReader reads lines, part by part.
type lineReader struct {
	*textPush
	buf         []byte // every line ends with a line break; one byte more is there
	typeLine    []byte // the last TYPE line, which upstream's parser needs to read what follows; in buf, read already
	counted     int    // line breaks before here are counted
	countedLine int    // the line there
	long        int    // the next line that is too long begins here; there is none before it
	longEnd     int    // and the next line there; 0: not looked for yet
}

// part reads from a line's begin until an error or the end and returns where to go on.
func (r *lineReader) part(from int) (next int) {
	end := r.untilLongLine(from)
	if end == from {
		r.b.line = r.lineAt(from)
		r.b.Refuse(ReasonFormat, 1, "the line has %d bytes, the limit is %d: %q…", r.longEnd-from, r.maxLine, clip(r.buf[from:]))
		return r.longEnd
	}
	if end < len(r.buf) { // upstream's parser puts a line break here
		defer func(i int, c byte) { r.buf[i] = c }(end, r.buf[end])
	}
	p, _ := textparse.New(r.prefixed(from, end), r.media, r.symbols, textparse.ParserOptions{})
	good := from // what is before here was read
	for {
		entry, err := p.Next()
		if err != nil {
			return r.failed(good, from, end, err)
		}
		at := r.place(p, entry)
		if at <= from {
			continue // the TYPE line put in front
		}
		good = at
		r.b.line = r.lineAt(at)
		if entry == textparse.EntryType {
			line := bytes.LastIndexByte(r.buf[:at], '\n') + 1
			r.typeLine = r.buf[line:r.lineEnd(at)]
		}
		r.entry(p, entry)
	}
}

// prefixed returns the bytes to parse, with the last TYPE line in front: it is put over what was read before, where it has room.
func (r *lineReader) prefixed(from, end int) []byte {
	if len(r.typeLine) == 0 || len(r.typeLine) > from {
		return r.buf[from:end]
	}
	r.lineAt(from) // count what is overwritten
	start := from - len(r.typeLine)
	copy(r.buf[start:], r.typeLine)
	r.typeLine = r.buf[start:from]
	return r.buf[start:end]
}

// failed refuses the line behind the last entry and returns where the one after it begins.
func (r *lineReader) failed(good, from, end int, err error) int {
	bad := good
	if good > from {
		bad = r.lineEnd(good)
	}
	begin := bad
	for bad < end && len(bytes.TrimSpace(r.buf[bad:r.lineEnd(bad)])) == 0 {
		bad = r.lineEnd(bad)
	}
	if bad >= end {
		if end == len(r.buf) && !errors.Is(err, io.EOF) {
			r.b.line = r.lineAt(len(r.buf) - 1)
			r.b.Refuse(ReasonFormat, 1, "%s: is the push complete? What came is stored", err)
		}
		return end
	}
	if errors.Is(err, io.EOF) {
		return end // only "# EOF" is left
	}
	if r.media == openMetricsMedia && bad > begin {
		return bad // OpenMetrics has no blank lines; that is no reason to refuse the next one
	}
	next := r.lineEnd(bad)
	r.b.line = r.lineAt(bad)
	hint := ""
	if bad == 0 && next == len(r.buf) {
		hint = "; the push is one line: does curl need --data-binary?"
	}
	r.b.Refuse(ReasonFormat, 1, "%s: %q%s", clip([]byte(cause(err))), clip(bytes.TrimRight(r.buf[bad:next], "\r\n")), hint)
	return next
}

// cause cuts off upstream's quotation of what it was reading.
func cause(err error) string {
	text, _, _ := strings.Cut(err.Error(), " while parsing: ")
	return text
}

// place returns where in the buffer the entry lies. A slice of the buffer has the buffer's end, so its capacity tells its place.
func (r *lineReader) place(p textparse.Parser, entry textparse.Entry) int {
	var found []byte
	switch entry {
	case textparse.EntryType:
		found, _ = p.Type()
	case textparse.EntryHelp:
		found, _ = p.Help()
	case textparse.EntryUnit:
		found, _ = p.Unit()
	case textparse.EntryComment:
		found = p.Comment()
	case textparse.EntrySeries:
		found, _, _ = p.Series()
	}
	return cap(r.buf) - cap(found) + len(found)
}

// lineEnd returns where the line after the one at i begins.
func (r *lineReader) lineEnd(i int) int {
	if i >= len(r.buf) {
		return len(r.buf)
	}
	n := bytes.IndexByte(r.buf[i:], '\n')
	if n < 0 {
		return len(r.buf)
	}
	return i + n + 1
}

// lineAt returns the number of the line at i, from 1. It is asked for growing places.
func (r *lineReader) lineAt(i int) int {
	if i > r.counted {
		r.countedLine += bytes.Count(r.buf[r.counted:i], []byte{'\n'})
		r.counted = i
	}
	return r.countedLine
}

// untilLongLine returns where the next line begins that is too long, or the buffer's end.
func (r *lineReader) untilLongLine(from int) int {
	if from >= r.longEnd {
		r.long, r.longEnd = len(r.buf), len(r.buf)+1
		for i := from; i < len(r.buf); {
			end := r.lineEnd(i)
			if end-i > r.maxLine {
				r.long, r.longEnd = i, end
				break
			}
			i = end
		}
	}
	return r.long
}
