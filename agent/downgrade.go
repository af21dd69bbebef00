package agent

import (
	"fmt"

	"github.com/golang/snappy"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
)

// maxRequest bounds what a stored request may unpack to. The agent wrote it, so this only guards against a damaged spool.
const maxRequest = 64 << 20

// downgrade turns a packed remote-write 2.0 request into a packed 1.0 one. Start timestamps and units have no place in 1.0 and are lost.
func downgrade(packed []byte) ([]byte, error) {
	if n, err := snappy.DecodedLen(packed); err != nil || n > maxRequest {
		return nil, fmt.Errorf("stored request of %d bytes does not unpack: %w", len(packed), err)
	}
	plain, err := snappy.Decode(nil, packed)
	if err != nil {
		return nil, fmt.Errorf("unpack stored request: %w", err)
	}
	var in writev2.Request
	if err := in.Unmarshal(plain); err != nil {
		return nil, fmt.Errorf("read stored request: %w", err)
	}
	out := prompb.WriteRequest{Timeseries: make([]prompb.TimeSeries, 0, len(in.Timeseries))}
	described := map[string]bool{}
	builder := labels.NewScratchBuilder(16)
	for _, ts := range in.Timeseries {
		ls, err := ts.ToLabels(&builder, in.Symbols)
		if err != nil {
			return nil, fmt.Errorf("read stored request: %w", err)
		}
		old := prompb.TimeSeries{Labels: prompb.FromLabels(ls, nil)}
		for _, s := range ts.Samples {
			old.Samples = append(old.Samples, prompb.Sample{Value: s.Value, Timestamp: s.Timestamp})
		}
		for _, h := range ts.Histograms {
			if h.IsFloatHistogram() {
				old.Histograms = append(old.Histograms, prompb.FromFloatHistogram(h.Timestamp, h.ToFloatHistogram()))
			} else {
				old.Histograms = append(old.Histograms, prompb.FromIntHistogram(h.Timestamp, h.ToIntHistogram()))
			}
		}
		for _, x := range ts.Exemplars {
			e, err := x.ToExemplar(&builder, in.Symbols)
			if err != nil {
				return nil, fmt.Errorf("read stored request: %w", err)
			}
			old.Exemplars = append(old.Exemplars, prompb.Exemplar{Labels: prompb.FromLabels(e.Labels, nil), Value: e.Value, Timestamp: e.Ts})
		}
		if len(old.Histograms) > 0 && len(old.Exemplars) > 0 {
			// Prometheus's receiver of 1.0 takes the exemplars of a series before its histograms, and refuses those of a series that it does not
			// know yet: they go into an entry of their own behind it.
			out.Timeseries = append(out.Timeseries, prompb.TimeSeries{Labels: old.Labels, Histograms: old.Histograms})
			old.Histograms = nil
		}
		out.Timeseries = append(out.Timeseries, old)
		name := ls.Get(model.MetricNameLabel)
		if described[name] {
			continue
		}
		described[name] = true
		m, err := ts.ToMetadata(in.Symbols)
		if err != nil {
			return nil, fmt.Errorf("read stored request: %w", err)
		}
		out.Metadata = append(out.Metadata, prompb.MetricMetadata{Type: prompb.FromMetadataType(m.Type), MetricFamilyName: name, Help: m.Help, Unit: m.Unit})
	}
	if plain, err = out.Marshal(); err != nil {
		return nil, fmt.Errorf("write 1.0 request: %w", err)
	}
	return snappy.Encode(nil, plain), nil
}
