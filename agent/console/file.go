package console

import (
	"bytes"
	"io"
	"os"
	"slices"
	"syscall"
	"time"

	"golang.org/x/time/rate"

	"github.com/endscope/endscope/agent/records"
)

const (
	reasonRotatedAway = "rotated_away"

	chunkBytes = 128 << 10
	turnBytes  = 1 << 20 // read from one file before the others have their turn
	rawBytes   = 1 << 20 // longest line of a file in Docker's format, where each byte may be written as six
)

// file is a log file that is being read.
type file struct {
	p      *Pipeline
	path   string // by which it was found
	f      *os.File
	id     fileID
	head   mark
	tail   []byte // the last bytes before the place that is read next
	size   int64  // when last looked at
	format string // empty until the first line is there
	split  splitter
	lanes  map[string]*lane // by stream
	limit  *rate.Limiter    // nil: none
	out    func(records.Console)
	first  time.Time // when it was found
	now    time.Time // of the turn in hand
	grew   time.Time // when bytes last came
	gone   time.Time // since when the path has named another file, or none; zero while it names this one
	kept   position  // as last written to disk
}

func newFile(p *Pipeline, path string, f *os.File, info os.FileInfo, out func(records.Console)) *file {
	now := time.Now()
	o := &file{p: p, path: path, f: f, id: idOf(info), lanes: map[string]*lane{}, out: out, first: now, now: now, grew: now, size: info.Size()}
	if p.cfg.Format != FormatAuto {
		o.format = p.cfg.Format
	}
	o.split = splitter{emit: o.line}
	o.setLimits()
	if p.cfg.RateLimit > 0 {
		o.limit = rate.NewLimiter(rate.Limit(p.cfg.RateLimit), int(p.cfg.RateBurst)+chunkBytes)
	}
	return o
}

func idOf(info os.FileInfo) fileID {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return fileID{uint64(st.Dev), st.Ino}
	}
	return fileID{}
}

// unlinked reports whether no name leads to the file any more.
func unlinked(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Nlink == 0
}

// setLimits lets the splitter know the format. Until that is known, lines are as long as those of any format may be.
func (o *file) setLimits() {
	o.split.bars = o.format == FormatPlain
	o.split.max = rawBytes
	if o.format == FormatPlain {
		o.split.max = int(o.p.cfg.MaxLine) + slack
		o.split.first = func(text []byte) {
			if o.p.set.Line != nil {
				state, _ := o.p.redact.Line(string(clean(text, nil)))
				o.p.set.Line(o.now, o.path, state)
			}
		}
	}
}

// begin sets where reading begins.
func (o *file) begin(offset int64) {
	o.split.reset(offset)
	o.tail = make([]byte, min(offset, tailLen))
	if _, err := o.f.ReadAt(o.tail, offset-int64(len(o.tail))); err != nil {
		o.tail = nil
	}
	o.headAgain()
	if o.format == "" {
		o.detect()
	}
}

// headAgain takes the mark of the file's beginning as soon as there is enough of it.
func (o *file) headAgain() {
	if n := int(min(o.size, headLen)); n > o.head.Len {
		if m, err := markAt(o.f, 0, n); err == nil {
			o.head = m
		}
	}
}

// detect tells the format by the file's first line, if that is complete.
func (o *file) detect() {
	if o.format = formatOfFile(o.f); o.format != "" {
		o.setLimits()
	}
}

// formatOfFile tells a file's format by its first line that is not blank, and returns nothing while that is not complete.
func formatOfFile(f io.ReaderAt) string {
	b := make([]byte, 64<<10)
	n, err := f.ReadAt(b, 0)
	if err != nil && err != io.EOF {
		return ""
	}
	for b = b[:n]; ; {
		line, rest, whole := bytes.Cut(b, []byte{'\n'})
		if !whole && n < 64<<10 {
			return ""
		}
		if line = bytes.Trim(line, " \t\r\x00"); len(line) > 0 || !whole {
			return formatOf(line)
		}
		b = rest
	}
}

// read reads at most one turn. It returns false when the end of the file has been reached, and calls full after each chunk.
func (o *file) read(now time.Time, buf []byte, full func()) (more bool, err error) {
	o.now = now
	info, err := o.f.Stat()
	if err != nil {
		return false, err
	}
	o.size = info.Size()
	o.headAgain()
	for read := 0; read < turnBytes; {
		n := len(buf)
		if o.limit != nil {
			if n = min(n, int(o.limit.TokensAt(now))); n < 4<<10 {
				return false, nil // not at the end, but it may not go on now
			}
		}
		n, err := o.f.ReadAt(buf[:n], o.split.pos)
		if n > 0 {
			if o.limit != nil {
				o.limit.AllowN(now, n)
			}
			o.take(buf[:n])
			read += n
			full()
		}
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

func (o *file) take(b []byte) {
	o.grew = o.now
	o.p.metrics.bytes.WithLabelValues(sourceFile).Add(float64(len(b)))
	if o.format == "" {
		if o.detect(); o.format == "" && o.split.pos-o.split.start > 64<<10 {
			o.format = FormatPlain
			o.setLimits()
		}
	}
	o.split.feed(b)
	if len(b) >= tailLen {
		o.tail = append(o.tail[:0], b[len(b)-tailLen:]...)
	} else {
		o.tail = append(o.tail, b...)
		o.tail = slices.Delete(o.tail, 0, max(len(o.tail)-tailLen, 0))
	}
	o.size = max(o.size, o.split.pos)
}

// line takes a line from the splitter.
func (o *file) line(l rawLine) {
	o.p.metrics.lines.WithLabelValues(sourceFile).Inc()
	format := o.format
	if format == "" {
		format = FormatPlain
	}
	e, ok := parse(format, bytes.TrimSuffix(l.text, []byte{'\r'}))
	if !ok {
		if len(bytes.TrimSpace(l.text)) > 0 {
			o.p.metrics.malformed.Inc()
		}
		e = entry{text: l.text}
	}
	if e.at.IsZero() {
		e.at = o.now
	}
	lane := o.lane(e.stream)
	for {
		text, rest, several := bytes.Cut(e.text, []byte{'\n'})
		if !several {
			lane.piece(e.at, o.now, text, l.cut, e.more, l.start)
			return
		}
		lane.piece(e.at, o.now, text, 0, false, l.start)
		e.text = rest
	}
}

func (o *file) lane(stream string) *lane {
	l := o.lanes[stream]
	if l == nil {
		container := o.p.cfg.Container
		if container == ContainerAuto {
			container = containerOf(o.path)
		}
		l = o.p.newLane(o.path, stream, container, o.out)
		o.lanes[stream] = l
	}
	return l
}

// expire gives out what has waited long enough for more.
func (o *file) expire(now time.Time) {
	o.now = now
	if o.split.pending() && now.Sub(o.grew) >= o.p.cfg.PartialWait {
		o.split.flush()
	}
	for _, l := range inOrder(o.lanes) {
		l.expire(now)
		// A row that another stream holds open for long would be read again after a crash, with all that came since.
		if from, held := l.pending(); held && o.split.pos-from > turnBytes {
			l.flush(now)
		}
	}
}

// flush gives out everything, also a line without an end where that is wanted.
func (o *file) flush(now time.Time, partial bool) {
	o.now = now
	if partial {
		o.split.flush()
	}
	for _, l := range inOrder(o.lanes) {
		l.flush(now)
	}
}

// safe returns how far everything has been given out as rows.
func (o *file) safe() int64 {
	at := o.split.start
	for _, l := range o.lanes {
		if from, held := l.pending(); held {
			at = min(at, from)
		}
	}
	return at
}

// held is how much memory waits for more lines.
func (o *file) held() int {
	n := cap(o.split.buf) + cap(o.split.before)
	for _, l := range o.lanes {
		n += len(l.part) + len(l.join.text)
	}
	return n
}

// position is what is to be remembered of the file now.
func (o *file) position(now time.Time) position {
	p := position{fileID: o.id, Path: o.path, Offset: o.safe(), Size: o.size, Head: o.head, First: o.first, Seen: now, Rotated: !o.gone.IsZero()}
	if p.Offset == o.kept.Offset {
		p.Tail = o.kept.Tail
	} else if m, err := markAt(o.f, p.Offset-min(p.Offset, tailLen), int(min(p.Offset, tailLen))); err == nil {
		p.Tail = m
	}
	return p
}

// rewritten reports whether the file no longer has, before the place that is read next, what was read there.
func (o *file) rewritten() bool {
	info, err := o.f.Stat()
	if err != nil {
		return false
	}
	if info.Size() < o.split.pos {
		return true
	}
	return info.Size() != o.split.pos && !markOf(o.tail).holds(o.f, o.split.pos-int64(len(o.tail)))
}
