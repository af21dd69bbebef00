package scrape

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

// Why a sample is left out; values of the label reason of agent_scrape_dropped_samples_total.
const (
	dropBadLine   = "bad_line"   // a line that cannot be read
	dropDuplicate = "duplicate"  // a series that was on the page before
	dropLabels    = "labels"     // more or longer labels than allowed
	dropSeries    = "max_series" // beyond the target's limit
	dropHistogram = "histogram"  // a histogram whose buckets contradict each other
	dropOverlap   = "overlap"    // a canonical series that another kind or entry gives already
)

func dropReasons() []string {
	return []string{dropBadLine, dropDuplicate, dropHistogram, dropLabels, dropOverlap, dropSeries}
}

// patience is for how many rounds a series that has left the page is remembered, so that a counter that comes back goes on.
const patience = 240

// maxBadLines is how many lines that cannot be read a page may have before the rest of it is given up.
const maxBadLines = 1000

// maxExemplars bounds what is taken of one series in one round.
const maxExemplars = 10

// errNotMetrics says that what was answered is no page of metrics.
var errNotMetrics = errors.New("is no page of metrics")

// limits of one target.
type limits struct{ series, labels, name, value int }

// page is what is known of one target's page. It is kept from round to round, so that reading a page whose series are known costs no memory.
// Not safe for concurrent use.
type page struct {
	limits
	round    uint64
	byText   map[string]*series // as the series is written
	byHash   map[uint64]*series // by what it is
	families map[string]*family
	bases    map[string]*base
	metas    map[string]*meta
	wanted   func(*family) bool // whether a mapping reads the family

	order   []*series // of this round
	present []*family // of this round
	names   uint64    // changes when the names on the page do
	evicted uint64    // changes when series were forgotten

	dropped map[string]int // of this round
	first   error          // the first loss of this round that is an error

	lset     labels.Labels
	exemplar exemplar.Exemplar
	key      []byte
}

func newPage(l limits) *page {
	return &page{
		limits: l, byText: map[string]*series{}, byHash: map[uint64]*series{}, families: map[string]*family{}, bases: map[string]*base{}, metas: map[string]*meta{},
		dropped: map[string]int{},
	}
}

// drop counts one sample that is left out, and tells whether it is the first of the round.
func (p *page) drop(reason string) bool {
	p.dropped[reason]++
	return p.first == nil
}

// read takes in the page body, which has room for one byte more. It returns an error when nothing, or not the whole, could be read; single lines that could not
// be are in p.first and p.dropped.
func (p *page) read(body []byte, contentType string) error {
	p.round++
	p.order, p.present, p.names, p.first = p.order[:0], p.present[:0], 0, nil
	clear(p.dropped)
	body = slices.Grow(body, 1)                                  // the text parser appends a line break, which must not move the body
	offset := func(of []byte) int { return cap(body) - cap(of) } // of is a part of body
	bad, text := 0, 0
	for rest := body; ; {
		parser, err := textparse.New(rest, contentType, nil, textparse.ParserOptions{FallbackContentType: "text/plain", KeepClassicOnClassicAndNativeHistograms: true})
		if parser == nil {
			return fmt.Errorf("read page: %w", err)
		}
		_, protobuf := parser.(*textparse.ProtobufParser)
		last, err := p.entries(parser, protobuf)
		if errors.Is(err, io.EOF) {
			break
		}
		if protobuf {
			if len(p.order) == 0 {
				return fmt.Errorf("%w: %w", errNotMetrics, err)
			}
			p.drop(dropBadLine)
			return fmt.Errorf("page ends in the middle: %w", err)
		}
		// Go on after the line that could not be read, which is the first that is not blank after the last entry.
		if last != nil {
			if at := offset(last) + len(last); at >= 0 && at <= len(body) {
				rest = body[at:]
				if end := bytes.IndexByte(rest, '\n'); end >= 0 {
					rest = rest[end+1:]
				} else {
					rest = nil
				}
			}
		}
		rest = bytes.TrimLeft(rest, " \t\r\n")
		if len(rest) == 0 {
			break // OpenMetrics without # EOF
		}
		line := rest
		end := bytes.IndexByte(rest, '\n')
		if end >= 0 {
			line, rest = rest[:end], rest[end+1:]
		} else {
			rest = nil
		}
		if !isMetadata(line) && p.drop(dropBadLine) {
			p.first = fmt.Errorf("cannot read the line %.80q", line)
		}
		// The parser's message quotes what it looked through, which for a quote that nobody closes is the whole rest of the page.
		text += len(err.Error())
		if bad++; bad >= maxBadLines || text > 1<<20+2*len(body) {
			if len(p.order) == 0 {
				return errNotMetrics
			}
			return fmt.Errorf("page has at least %d lines that cannot be read, such as %.80q; the rest is given up", bad, line)
		}
		if len(rest) == 0 {
			break
		}
	}
	if len(p.order) == 0 && p.dropped[dropBadLine] > 0 {
		return errNotMetrics
	}
	p.evict()
	return nil
}

// isMetadata tells whether a line that cannot be read is only a HELP, TYPE or UNIT that costs no sample.
func isMetadata(line []byte) bool { return len(line) > 0 && line[0] == '#' }

// entries takes in what the parser gives until it fails, and returns a part of the last good entry's bytes with the error.
func (p *page) entries(parser textparse.Parser, protobuf bool) (last []byte, err error) {
	for {
		entry, err := parser.Next()
		if err != nil {
			return last, err
		}
		switch entry {
		case textparse.EntryType:
			name, typ := parser.Type()
			last = name
			if m := p.meta(name); m != nil {
				m.typ = typ
			}
		case textparse.EntryHelp:
			name, help := parser.Help()
			last = name
			if m := p.meta(name); m != nil && m.help != string(help) {
				m.help = string(help)
			}
		case textparse.EntryUnit:
			name, unit := parser.Unit()
			last = name
			if m := p.meta(name); m != nil && m.unit != string(unit) {
				m.unit = string(unit)
			}
		case textparse.EntryComment:
			if c := parser.Comment(); cap(c) > 0 {
				last = c
			}
		case textparse.EntrySeries:
			text, at, v := parser.Series()
			last = text
			p.add(parser, text, at, v, nil, protobuf)
		case textparse.EntryHistogram:
			text, at, h, fh := parser.Histogram()
			if h == nil && fh != nil {
				h = integral(fh)
			}
			if h == nil || h.Validate() != nil {
				if p.drop(dropHistogram) {
					p.first = fmt.Errorf("native histogram %.80q is not valid", text)
				}
				continue
			}
			p.add(parser, text, at, 0, h, protobuf)
		}
	}
}

// add takes in one sample.
func (p *page) add(parser textparse.Parser, text []byte, at *int64, v float64, h *histogram.Histogram, protobuf bool) {
	p.key = append(p.key[:0], text...)
	if h != nil {
		p.key = append(p.key, "\xff histogram"...) // its classic count may bear the same bytes in protobuf
	}
	s := p.byText[string(p.key)]
	if len(p.order) >= p.series && !p.beyond(text, s) {
		if p.drop(dropSeries) {
			p.first = fmt.Errorf("page has more than max_series series: must be at most %d", p.series)
		}
		return
	}
	if s == nil {
		if s = p.create(parser, h != nil); s == nil {
			return
		}
		p.byText[string(p.key)] = s
	}
	if s.round == p.round {
		p.drop(dropDuplicate)
		return
	}
	s.over = len(p.order) >= p.series
	s.round, s.value, s.hist, s.at, s.start = p.round, v, h, 0, 0
	if at != nil {
		s.at = *at
	}
	if protobuf {
		s.start = parser.StartTimestamp()
	}
	s.seen = nil
	for p.exemplar = (exemplar.Exemplar{}); len(s.seen) < maxExemplars && parser.Exemplar(&p.exemplar); p.exemplar = (exemplar.Exemplar{}) {
		if !math.IsNaN(p.exemplar.Value) {
			s.seen = append(s.seen, p.exemplar)
		}
	}
	p.order = append(p.order, s)
	if f := s.family; f.round != p.round {
		f.round = p.round
		p.present = append(p.present, f)
		p.names += f.hash
	}
}

// beyond tells whether a series that is beyond the target's limit is read all the same, for the canonical series. s is nil when it is not known yet.
func (p *page) beyond(text []byte, s *series) bool {
	if len(p.order) >= 2*p.series {
		return false
	}
	if s != nil {
		return p.wanted(s.family)
	}
	name := text
	if end := bytes.IndexAny(text, "{ \xff"); end >= 0 {
		name = text[:end]
	}
	f := p.families[string(name)]
	if f == nil && len(p.families) < 2*p.series && len(name) > 0 && len(name) <= p.name {
		f = p.family(string(name))
	}
	return f != nil && p.wanted(f)
}

// create makes the series that the parser stands at, and nil where it is beyond a limit.
func (p *page) create(parser textparse.Parser, native bool) *series {
	parser.Labels(&p.lset)
	lset := p.lset.WithoutEmpty()
	name := lset.Get(model.MetricNameLabel)
	bad, count := "", 0
	lset.Range(func(l labels.Label) {
		count++
		switch {
		case len(l.Name) > p.name:
			bad = fmt.Sprintf("a label name of %d bytes: must be at most %d (max_label_name)", len(l.Name), p.name)
		case l.Name == model.MetricNameLabel:
			if len(l.Value) > p.name {
				bad = fmt.Sprintf("a name of %d bytes: must be at most %d (max_label_name)", len(l.Value), p.name)
			}
		case len(l.Value) > p.value:
			bad = fmt.Sprintf("a value of label %s of %d bytes: must be at most %d (max_label_value)", l.Name, len(l.Value), p.value)
		}
	})
	if count > p.labels+1 {
		bad = fmt.Sprintf("%d labels: must be at most %d (max_labels)", count-1, p.labels)
	}
	if twice, is := lset.HasDuplicateLabelNames(); is {
		bad = "the label " + twice + " twice"
	}
	if bad != "" || name == "" {
		if p.drop(dropLabels) {
			p.first = fmt.Errorf("series %.80q has %s", name, bad)
		}
		return nil
	}
	f := p.family(name)
	s := &series{family: f, native: native}
	s.role, s.le = roleOf(f, lset, native)
	if s.role == roleBucket || s.role == roleQuantile {
		lset = normalFloats(lset)
	}
	s.lset = lset
	hash := lset.Hash()
	if native {
		hash++
	}
	if other := p.byHash[hash]; other != nil && other.native == native && labels.Equal(other.lset, lset) {
		return other // spelled in another way
	}
	p.byHash[hash] = s
	f.series = append(f.series, s)
	p.join(s)
	return s
}

func (p *page) family(name string) *family {
	f := p.families[name]
	if f == nil {
		name = strings.Clone(name)
		f = &family{name: name, hash: xxhash.Sum64String(name)}
		p.families[name] = f
	}
	f.meta, f.bare = p.resolve(f.name)
	return f
}

// meta returns what is said of a metric family, and nil when there are too many of them.
func (p *page) meta(name []byte) *meta {
	m := p.metas[string(name)]
	if m == nil {
		if len(p.metas) >= 2*p.series || len(name) > p.name {
			return nil
		}
		m = &meta{}
		p.metas[string(name)] = m
	}
	return m
}

// resolve returns what is said of the family that a sample of this name belongs to, and the name without its suffix.
func (p *page) resolve(name string) (*meta, string) {
	bare := name
	for _, suffix := range []string{"_bucket", "_sum", "_count", "_created", "_total"} {
		if rest, ok := strings.CutSuffix(name, suffix); ok && rest != "" {
			bare = rest
			break
		}
	}
	if m := p.metas[name]; m != nil {
		return m, bare
	}
	if m := p.metas[bare]; m != nil {
		return m, bare
	}
	if m := p.metas[strings.TrimSuffix(name, "_info")]; m != nil {
		return m, bare
	}
	return nil, bare
}

// evict forgets series that have long left the page, when they have become many, and spellings of series, when a page writes them in ever other ways.
func (p *page) evict() {
	if len(p.metas) > p.series {
		clear(p.metas)
	}
	if len(p.byText) <= 2*len(p.order)+1024 {
		return
	}
	age := uint64(patience)
	if len(p.byText) > 2*p.series+1024 {
		age = 0
	}
	known, gone := 0, 0
	for _, f := range p.families {
		for _, s := range f.series {
			known++
			if s.gone = s.round+age < p.round; s.gone {
				gone++
			}
		}
	}
	if len(p.byText) > 2*known+1024 { // the next page's are looked up by what they are
		clear(p.byText)
	}
	if gone < known/4 {
		for _, f := range p.families {
			for _, s := range f.series {
				s.gone = false
			}
		}
		return
	}
	p.evicted++
	old := (*series).isGone
	maps.DeleteFunc(p.byText, func(_ string, s *series) bool { return old(s) })
	maps.DeleteFunc(p.byHash, func(_ uint64, s *series) bool { return old(s) })
	maps.DeleteFunc(p.families, func(_ string, f *family) bool {
		f.series = slices.DeleteFunc(f.series, old)
		return len(f.series) == 0
	})
	maps.DeleteFunc(p.bases, func(_ string, b *base) bool {
		b.list = slices.DeleteFunc(b.list, func(pt *point) bool { return pt.evict(old) })
		maps.DeleteFunc(b.points, func(_ string, pt *point) bool { return pt.gone })
		return len(b.list) == 0
	})
}

// normalFloats writes the bounds and quantiles of text pages as Prometheus does, so that 1 and 1.0 are the same.
func normalFloats(lset labels.Labels) labels.Labels {
	for _, name := range []string{model.BucketLabel, model.QuantileLabel} {
		v := lset.Get(name)
		f, err := strconv.ParseFloat(v, 64)
		if err != nil {
			continue
		}
		if normal := labels.FormatOpenMetricsFloat(f); normal != v {
			b := labels.NewBuilder(lset)
			b.Set(name, normal)
			lset = b.Labels()
		}
	}
	return lset
}

// created returns when the series began to count, where the page tells; the zero time otherwise.
func (p *page) created(s *series, now time.Time) time.Time {
	if s.start > 0 {
		return time.UnixMilli(s.start)
	}
	if s.point == nil || s.point.created == nil || s.point.created.round != p.round {
		return time.Time{}
	}
	v := s.point.created.value
	if !(v > 1e8) || v > float64(now.Unix()+60) { // no time at all, or one that has not been yet
		return time.Time{}
	}
	return time.UnixMilli(int64(math.Round(v * 1000)))
}
