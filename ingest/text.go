package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/storage"

	"github.com/endscope/endscope/scopes"
)

const (
	textMedia        = "text/plain"
	openMetricsMedia = "application/openmetrics-text"
	protobufMedia    = "application/vnd.google.protobuf"
)

// WriteText stores an exposition under one scope: Prometheus's text format, OpenMetrics 1.0 or Prometheus's protobuf format, by its
// content type; a blank or unknown one, such as curl's, means the text format. The scope's labels are added to every series, and a
// series that carries others is refused. Samples without a time get that of arrival. A line that cannot be read is refused and the
// next one is read; Result names the lines. WriteText owns the body and overwrites parts of it.
//
// An error means that nothing is stored: *Error for a content type that cannot be an exposition, or the store's error.
func (in *Ingester) WriteText(ctx context.Context, contentType string, scope scopes.Path, body []byte) (Result, error) {
	media, err := expositionMedia(contentType)
	if err != nil {
		return Result{}, err
	}
	b := in.NewBatch()
	b.Bind(scope)
	t := &textPush{
		b: b, media: media, now: in.now().UnixMilli(), symbols: labels.NewSymbolTable(),
		maxLine: in.cfg.MaxLabels*int(in.cfg.MaxLabelName+in.cfg.MaxLabelValue) + 4<<10,
		seen:    map[seriesAt]struct{}{},
	}
	if media == protobufMedia {
		t.protobuf(body)
	} else {
		t.lines(body)
	}
	return in.Commit(ctx, b)
}

// expositionMedia chooses the format.
func expositionMedia(contentType string) (string, error) {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return textMedia, nil
	}
	switch {
	case media == openMetricsMedia && strings.HasPrefix(params["version"], "2"):
		return "", &Error{Unsupported, fmt.Sprintf("Content-Type %q: OpenMetrics is understood up to version 1.0.0", contentType)}
	case media == openMetricsMedia, media == protobufMedia:
		return media, nil
	case media == "application/json", strings.HasPrefix(media, "multipart/"):
		return "", &Error{Unsupported, fmt.Sprintf("Content-Type %q: a push is a text exposition (%s), OpenMetrics (%s) or Prometheus's protobuf format (%s)",
			contentType, textMedia, openMetricsMedia, protobufMedia)}
	default:
		return textMedia, nil
	}
}

// textPush reads one exposition into a batch.
type textPush struct {
	b       *Batch
	media   string
	now     int64 // time of arrival
	symbols *labels.SymbolTable
	maxLine int
	seen    map[seriesAt]struct{} // to refuse a series that occurs twice

	family   family
	created  map[uint64]int64 // start times of the family's series, from its _created samples
	firstRow int              // the family's first sample in the batch
	keys     []uint64         // of the family's samples in the batch, to find their start times
	exemplar exemplar.Exemplar
	hashBuf  []byte
}

type seriesAt struct {
	labels uint64 // their hash
	t      int64
}

// family is what the comment lines told about the metric that follows them.
type family struct {
	name string
	meta metadata.Metadata
}

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

// protobuf reads a stream of metric families, which cannot be read on behind an error.
func (t *textPush) protobuf(body []byte) {
	p, _ := textparse.New(body, protobufMedia, t.symbols, textparse.ParserOptions{})
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.b.Refuse(ReasonFormat, 1, "a metric family cannot be read, nor what follows it: %s", clip([]byte(err.Error())))
			return
		}
		t.entry(p, entry)
	}
}

// entry takes what a parser read.
func (t *textPush) entry(p textparse.Parser, entry textparse.Entry) {
	switch entry {
	case textparse.EntryType:
		name, typ := p.Type()
		t.inFamily(name).meta.Type = typ
	case textparse.EntryHelp:
		name, help := p.Help()
		t.inFamily(name).meta.Help = string(help)
	case textparse.EntryUnit:
		name, unit := p.Unit()
		t.inFamily(name).meta.Unit = string(unit)
	case textparse.EntrySeries:
		_, at, v := p.Series()
		t.sample(p, at, v, nil, nil)
	case textparse.EntryHistogram:
		_, at, h, fh := p.Histogram()
		t.sample(p, at, 0, h, fh)
	}
}

// inFamily returns the family that a comment line belongs to.
func (t *textPush) inFamily(name []byte) *family {
	if t.family.name != string(name) {
		t.endFamily()
		t.family = family{name: string(name)}
	}
	return &t.family
}

func (t *textPush) sample(p textparse.Parser, at *int64, v float64, h *histogram.Histogram, fh *histogram.FloatHistogram) {
	var ls labels.Labels
	p.Labels(&ls)
	ts := t.now
	if at != nil {
		ts = *at
	}
	name := ls.Get(model.MetricNameLabel)
	started := t.media == openMetricsMedia && t.b.line > 0 && hasStart(t.family.meta.Type)
	if started && name == t.family.name+"_created" {
		t.noteCreated(ls, v)
		return
	}
	s, ok := t.b.resolve(ls, 1)
	if !ok {
		return
	}
	key := seriesAt{s.labels.Hash(), ts}
	if _, twice := t.seen[key]; twice {
		t.b.Refuse(ReasonDuplicate, 1, "%s occurs twice in this push", s.labels)
		return
	}
	t.seen[key] = struct{}{}
	opts := storage.AOptions{Metadata: t.metadataOf(name)}
	for t.exemplar = (exemplar.Exemplar{}); p.Exemplar(&t.exemplar); t.exemplar = (exemplar.Exemplar{}) {
		e := t.exemplar
		if !e.HasTs {
			e.Ts = ts
		}
		opts.Exemplars = append(opts.Exemplars, e)
	}
	var st int64
	if started = started && startsAtZero(ls, opts.Metadata.Type); t.media == protobufMedia && startsAtZero(ls, opts.Metadata.Type) {
		st = p.StartTimestamp()
	}
	before := len(t.b.samples)
	t.b.add(s, st, ts, v, h, fh, opts)
	if started && len(t.b.samples) > before {
		if len(t.keys) == 0 {
			t.firstRow = before
		}
		t.keys = append(t.keys, t.startKey(ls))
	}
}

// metadataOf returns the family's metadata if name belongs to it.
func (t *textPush) metadataOf(name string) metadata.Metadata {
	rest, ok := strings.CutPrefix(name, t.family.name)
	if !ok || t.family.name == "" {
		return metadata.Metadata{}
	}
	switch rest {
	case "", "_total", "_bucket", "_sum", "_count", "_gsum", "_gcount", "_info":
		return t.family.meta
	}
	return metadata.Metadata{}
}

func hasStart(typ model.MetricType) bool {
	return typ == model.MetricTypeCounter || typ == model.MetricTypeHistogram || typ == model.MetricTypeSummary
}

// noteCreated takes the value of a _created sample, seconds since the epoch, as the start time of the series beside it.
func (t *textPush) noteCreated(ls labels.Labels, seconds float64) {
	if ms := seconds * 1000; ms > 0 && ms < math.MaxInt64 {
		if t.created == nil {
			t.created = map[uint64]int64{}
		}
		t.created[t.startKey(ls)] = int64(ms)
	}
}

// startKey names the labels that all series of one metric share.
func (t *textPush) startKey(ls labels.Labels) (key uint64) {
	key, t.hashBuf = ls.HashWithoutLabels(t.hashBuf, model.BucketLabel, model.MetricNameLabel, model.QuantileLabel)
	return key
}

// endFamily gives the family's samples their start times. They are the batch's last ones, in order.
func (t *textPush) endFamily() {
	if len(t.created) > 0 {
		for i, key := range t.keys {
			x := &t.b.samples[t.firstRow+i]
			if st := t.created[key]; st > 0 && st <= x.t {
				x.st = st
			}
		}
	}
	clear(t.created)
	t.keys = t.keys[:0]
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
