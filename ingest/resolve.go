package ingest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"

	"github.com/endscope/endscope/scopes"
)

// labelError refuses a label set for a reason.
type labelError struct {
	reason Reason
	msg    string
}

func (e *labelError) Error() string { return e.msg }

// scopeBinding confines a batch to one scope: its labels are added where a series lacks them and must agree where it has them.
type scopeBinding struct {
	path scopes.Path
	text string
}

// Bind confines the batch to a scope. It must be called before anything is added.
func (b *Batch) Bind(path scopes.Path) { b.scope = &scopeBinding{path, path.String()} }

// resolve finds or makes the series of ls; n values, at least one, are counted as refused if it may not be stored. The second result is false
// when there is nothing to append, because the series is refused or relabelling drops it.
func (b *Batch) resolve(ls labels.Labels, n int) (*series, bool) {
	b.scratch = b.scratch[:0]
	ls.Range(func(l labels.Label) { b.scratch = appendLabel(b.scratch, l.Name, l.Value) })
	return b.resolveRaw(b.scratch, n)
}

// resolveRaw is resolve for labels as remote write 1.0 encodes them. raw is copied if it is kept.
func (b *Batch) resolveRaw(raw []byte, n int) (*series, bool) {
	if b.scope != nil {
		// The same labels mean another series under another binding, so the binding is part of the key.
		raw = b.bindRaw(raw)
	}
	s := after(b.previous, raw)
	if s == nil {
		var err error
		if s, err = b.lookup(raw); err != nil {
			reason := ReasonFormat
			var le *labelError
			if errors.As(err, &le) {
				reason = le.reason
			}
			if name := metricName(raw); name != "" && !strings.Contains(err.Error(), name) {
				b.Refuse(reason, max(n, 1), "metric %q: %s", name, err)
			} else {
				b.Refuse(reason, max(n, 1), "%s", err)
			}
			return nil, false
		}
		if b.previous != nil {
			b.previous.follow.Store(s)
		}
	}
	b.previous = s
	if s.dropped {
		b.in.metrics.relabelled.Add(float64(n))
		return nil, false
	}
	return s, true
}

// metricName returns the metric name in a key, shortened for a message; "" if there is none to be found.
func metricName(raw []byte) string {
	for len(raw) > 0 {
		f, rest, err := next(raw)
		if err != nil {
			return ""
		}
		raw = rest
		if name, value, err := label(f.bytes); err == nil && string(name) == model.MetricNameLabel {
			return clip(value)
		}
	}
	return ""
}

// lookup finds the series in the cache or makes it.
func (b *Batch) lookup(raw []byte) (*series, error) {
	s, hash := b.in.cache.get(raw)
	if s != nil {
		return s, nil
	}
	s, err := b.in.makeSeries(raw, &b.builder, b.scope)
	if err != nil {
		return nil, err
	}
	b.in.cache.put(hash, s)
	return s, nil
}

// bindRaw appends the binding as labels that no sender can write: their names are empty.
func (b *Batch) bindRaw(raw []byte) []byte {
	b.bound = appendLabel(append(b.bound[:0], raw...), "", b.scope.text)
	return b.bound
}

// makeSeries parses, validates and relabels a label set. It returns a *labelError if the set may not be stored.
func (in *Ingester) makeSeries(raw []byte, builder *labels.ScratchBuilder, scope *scopeBinding) (*series, error) {
	builder.Reset()
	count := 0
	for rest := raw; len(rest) > 0; {
		f, tail, err := next(rest)
		if err != nil {
			return nil, err
		}
		rest = tail
		name, value, err := label(f.bytes)
		if err != nil {
			return nil, err
		}
		if len(name) == 0 && scope != nil && len(rest) == 0 {
			break // the binding itself
		}
		count++
		if err := in.checkLabel(name, value, count); err != nil {
			return nil, err
		}
		if len(value) > 0 { // an empty label is an absent one
			builder.Add(string(name), string(value))
		}
	}
	builder.Sort()
	ls := builder.Labels()
	if name, twice := ls.HasDuplicateLabelNames(); twice {
		return nil, &labelError{ReasonDuplicateLabel, fmt.Sprintf("%s: label %q occurs twice", ls, name)}
	}
	s := &series{raw: append([]byte(nil), raw...)}
	if len(in.cfg.RelabelConfigs) > 0 {
		relabelled := labels.NewBuilder(ls)
		if !relabel.ProcessBuilder(relabelled, in.cfg.RelabelConfigs...) {
			s.dropped = true
			return s, nil
		}
		ls = relabelled.Labels()
	}
	if scope != nil {
		var err error
		if ls, err = scope.apply(ls); err != nil {
			return nil, err
		}
	}
	if err := checkSeries(ls); err != nil {
		return nil, err
	}
	s.labels = ls
	return s, nil
}

func (in *Ingester) checkLabel(name, value []byte, count int) error {
	switch {
	case len(name) == 0:
		return &labelError{ReasonLabel, fmt.Sprintf("a label with value %q has no name", clip(value))}
	case !utf8.Valid(name) || !utf8.Valid(value):
		return &labelError{ReasonLabel, fmt.Sprintf("label %q = %q is not valid UTF-8", clip(name), clip(value))}
	case count > in.cfg.MaxLabels:
		return &labelError{ReasonLabelLimit, fmt.Sprintf("more than %d labels, the limit of ingest.max_labels", in.cfg.MaxLabels)}
	case len(name) > int(in.cfg.MaxLabelName):
		return &labelError{ReasonLabelLimit, fmt.Sprintf("label name %q… has %d bytes, the limit of ingest.max_label_name is %s", clip(name), len(name), in.cfg.MaxLabelName)}
	case len(value) > int(in.cfg.MaxLabelValue):
		return &labelError{ReasonLabelLimit, fmt.Sprintf("value %q… of label %q has %d bytes, the limit of ingest.max_label_value is %s", clip(value), name, len(value), in.cfg.MaxLabelValue)}
	}
	return nil
}

// checkSeries checks a label set as it would be stored.
func checkSeries(ls labels.Labels) error {
	name := ls.Get(model.MetricNameLabel)
	if name == "" {
		return &labelError{ReasonNoName, fmt.Sprintf("series %s has no metric name", ls)}
	}
	if !ls.IsValid(model.UTF8Validation) {
		return &labelError{ReasonLabel, fmt.Sprintf("series %s has an invalid metric name or label", ls)}
	}
	if scopes.Reserved(ls) {
		return &labelError{ReasonLabel, fmt.Sprintf("series %s has a name that only this server writes, of its roll-ups; relabel it with ingest.relabel_configs", ls)}
	}
	return checkIdentity(ls)
}

// checkIdentity refuses names of endpoints, deployments and instances that no scope can have. A series without any endpoint belongs
// to no scope and is welcome: then `instance` is any Prometheus's own label.
func checkIdentity(ls labels.Labels) error {
	if ls.Get(scopes.LabelEndpoint) == "" {
		return nil
	}
	for _, level := range []scopes.Level{scopes.LevelEndpoint, scopes.LevelDeployment, scopes.LevelInstance} {
		v := ls.Get(string(level))
		if v == "" {
			continue
		}
		if err := scopes.ValidateName(level, v); err != nil {
			return &labelError{ReasonIdentity, fmt.Sprintf("series %s: %s", ls, err)}
		}
	}
	return nil
}

func (s *scopeBinding) apply(ls labels.Labels) (labels.Labels, error) {
	b := labels.NewBuilder(ls)
	for _, bound := range []labels.Label{
		{Name: scopes.LabelEndpoint, Value: s.path.Endpoint},
		{Name: scopes.LabelDeployment, Value: s.path.Deployment},
		{Name: scopes.LabelInstance, Value: s.path.Instance},
	} {
		if bound.Value == "" {
			continue
		}
		if has := ls.Get(bound.Name); has != "" && has != bound.Value {
			return ls, &labelError{ReasonScope, fmt.Sprintf("series %s has %s=%q but is pushed to scope %s", ls, bound.Name, has, s.path)}
		}
		b.Set(bound.Name, bound.Value)
	}
	return b.Labels(), nil
}

// label reads a Label of remote write 1.0: name = 1, value = 2.
func label(msg []byte) (name, value []byte, err error) {
	for len(msg) > 0 {
		var f field
		if f, msg, err = next(msg); err != nil {
			return nil, nil, fmt.Errorf("label: %w", err)
		}
		switch {
		case f.num > 2:
		case f.typ != wireBytes:
			return nil, nil, fmt.Errorf("label: %w", errWireType)
		case f.num == 1:
			name = f.bytes
		default:
			value = f.bytes
		}
	}
	return name, value, nil
}

// appendLabel writes a Label as a field 1, as remote write 1.0 has it in a TimeSeries.
func appendLabel[S string | []byte](b []byte, name, value S) []byte {
	size := 2 + uvarintLen(len(name)) + len(name) + uvarintLen(len(value)) + len(value)
	b = append(b, 1<<3|wireBytes)
	b = binary.AppendUvarint(b, uint64(size))
	b = append(b, 1<<3|wireBytes)
	b = binary.AppendUvarint(b, uint64(len(name)))
	b = append(b, name...)
	b = append(b, 2<<3|wireBytes)
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}

// appendField writes msg as a field 1.
func appendField(b, msg []byte) []byte {
	b = append(b, 1<<3|wireBytes)
	b = binary.AppendUvarint(b, uint64(len(msg)))
	return append(b, msg...)
}

func uvarintLen(n int) int {
	l := 1
	for ; n >= 0x80; n >>= 7 {
		l++
	}
	return l
}

// maxClip is how much of what a sender wrote a message shows, in bytes.
const maxClip = 64

// clip shortens what a sender wrote for a message.
func clip(b []byte) string {
	if len(b) > maxClip {
		b = b[:maxClip]
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}
