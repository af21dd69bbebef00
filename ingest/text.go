package ingest

import (
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
