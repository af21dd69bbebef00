package web

import (
	"encoding/json"
	"maps"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/model"

	"github.com/endscope/endscope/query"
	"github.com/endscope/endscope/scopes"
)

// parallelValues is the number of values from which an answer is encoded by several goroutines.
const parallelValues = 20_000

// appendAnswer appends the answer of /api/v1/metrics as JSON. Start and end are what the windows cover, partial_from the first
// timestamp whose window had not ended, null if all had. Truncated is null when every series is there. The values are written without
// reflection: there may be hundreds of thousands.
func appendAnswer(b []byte, a *query.Answer) []byte {
	values := 0
	for _, s := range a.Series {
		values += len(s.Values) + 2*len(s.Compared)
	}
	b = slices.Grow(b, 512+20*len(a.Timestamps)+20*values+256*len(a.Series))
	b = append(b, `{"start":`...)
	b = appendTime(b, a.Start)
	b = append(b, `,"end":`...)
	b = appendTime(b, a.End)
	b = append(b, `,"interval":`...)
	b = appendString(b, model.Duration(a.Interval).String())
	b = append(b, `,"timestamps":`...)
	b = appendList(b, a.Timestamps, func(b []byte, t int64) []byte { return strconv.AppendInt(b, t, 10) })
	b = append(b, `,"partial_from":`...)
	if a.PartialFrom == nil {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, *a.PartialFrom, 10)
	}
	if c := a.Compared; c != nil {
		b = append(b, `,"compare":{"start":`...)
		b = appendTime(b, c.Start)
		b = append(b, `,"end":`...)
		b = appendTime(b, c.End)
		b = append(b, '}')
	}
	b = append(b, `,"series":[`...)
	if values < parallelValues {
		b = appendSeriesList(b, a.Series, a.Ended())
	} else {
		b = appendSeriesParallel(b, a.Series, a.Ended())
	}
	b = append(b, `],"truncated":`...)
	if t := a.Truncated; t == nil {
		b = append(b, "null"...)
	} else {
		b = append(b, `{"shown":`...)
		b = strconv.AppendInt(b, int64(t.Shown), 10)
		b = append(b, `,"total":`...)
		b = strconv.AppendInt(b, int64(t.Total), 10)
		b = append(b, '}')
	}
	b = append(b, `,"warnings":`...)
	b = appendList(b, a.Warnings, appendString)
	if a.Plan != nil {
		b = append(b, `,"plan":`...)
		b = appendList(b, a.Plan, appendPlanStep)
	}
	return append(b, '}', '\n')
}

func appendList[T any](b []byte, list []T, one func([]byte, T) []byte) []byte {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, v)
	}
	return append(b, ']')
}

// appendSeriesParallel encodes runs of series at the same time and puts them together in order.
func appendSeriesParallel(b []byte, series []query.AnswerSeries, ended int) []byte {
	runs := slices.Collect(slices.Chunk(series, (len(series)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0)))
	encoded := make([][]byte, len(runs))
	var wait sync.WaitGroup
	for i, run := range runs[1:] {
		wait.Go(func() {
			encoded[i+1] = appendSeriesList(make([]byte, 0, len(run)*(256+20*len(run[0].Values))), run, ended)
		})
	}
	b = appendSeriesList(b, runs[0], ended)
	wait.Wait()
	for _, e := range encoded[1:] {
		b = append(append(b, ','), e...)
	}
	return b
}

func appendSeriesList(b []byte, series []query.AnswerSeries, ended int) []byte {
	for i, s := range series {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendSeries(b, s, ended)
	}
	return b
}

// appendSeries writes one series; its scope and dimensions together name it. The aggregation is in lower case, as in Azure's answers.
func appendSeries(b []byte, s query.AnswerSeries, ended int) []byte {
	b = append(b, `{"scope":`...)
	b = appendString(b, seriesScope(s).String())
	b = append(b, `,"metric":`...)
	b = appendString(b, s.Metric)
	b = append(b, `,"aggregation":`...)
	b = appendString(b, strings.ToLower(string(s.Aggregation)))
	b = append(b, `,"unit":`...)
	b = appendString(b, string(s.Unit))
	b = append(b, `,"dimensions":{`...)
	for i, name := range slices.Sorted(maps.Keys(s.Dimensions)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, name)
		b = append(b, ':')
		b = appendString(b, s.Dimensions[name])
	}
	b = append(b, '}')
	if s.Folded > 0 {
		b = append(b, `,"folded":`...)
		b = strconv.AppendInt(b, int64(s.Folded), 10)
	}
	if h := s.Histogram; h != nil {
		b = append(b, `,"histogram":{"kind":`...)
		b = appendString(b, string(h.Kind))
		b = append(b, `,"relative_error":`...)
		b = appendValue(b, h.RelativeError)
		b = append(b, '}')
	}
	b = append(b, `,"values":`...)
	b = appendList(b, s.Values, appendValue)
	if s.Compared != nil {
		b = append(b, `,"compare":{"values":`...)
		b = appendList(b, s.Compared, appendValue)
		b = append(b, `,"difference":[`...)
		for i := range s.Values {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, difference(s, i, ended))
		}
		b = append(b, ']', '}')
	}
	return append(b, '}')
}

// difference returns what a value has more than the one that it is compared with, nil where there is either not, and where the
// window is not among those that had ended: a part is no match for a whole.
func difference(s query.AnswerSeries, i, ended int) *float64 {
	now, past := s.Values[i], s.Compared[i]
	if now == nil || past == nil || i >= ended {
		return nil
	}
	d := *now - *past
	return &d
}

func appendPlanStep(b []byte, s query.PlanStep) []byte {
	b = append(b, `{"metric":`...)
	b = appendString(b, s.Metric)
	b = append(b, `,"aggregation":`...)
	b = appendString(b, strings.ToLower(string(s.Aggregation)))
	b = append(b, `,"expr":`...)
	b = appendString(b, s.Expr)
	// As query_range takes them: the value of a window is that at its end.
	b = append(b, `,"start":`...)
	b = appendTime(b, s.Start.Add(s.Step))
	b = append(b, `,"end":`...)
	b = appendTime(b, s.End)
	b = append(b, `,"step":`...)
	b = appendString(b, model.Duration(s.Step).String())
	b = append(b, `,"rollup":`...)
	b = appendString(b, s.Rollup)
	b = append(b, `,"series":`...)
	b = strconv.AppendInt(b, int64(s.Cost.Series), 10)
	b = append(b, `,"samples":`...)
	b = strconv.AppendInt(b, s.Cost.Samples, 10)
	b = append(b, `,"duration_ms":`...)
	ms := float64(s.Cost.Duration.Microseconds()) / 1000
	b = appendValue(b, &ms)
	return append(b, '}')
}

// appendValue writes a number as encoding/json does, the shortest text that reads back to it, and null where there is none.
func appendValue(b []byte, v *float64) []byte {
	if v == nil {
		return append(b, "null"...)
	}
	format := byte('f')
	if abs := math.Abs(*v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	b = strconv.AppendFloat(b, *v, format, -1, 64)
	if n := len(b); format == 'e' && n >= 4 && b[n-4] == 'e' && b[n-3] == '-' && b[n-2] == '0' {
		b[n-2] = b[n-1] // e-09 becomes e-9
		b = b[:n-1]
	}
	return b
}

func appendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, time.RFC3339Nano)
	return append(b, '"')
}

// appendString writes a JSON text. What needs no escape, which is nearly everything, is copied.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, err := json.Marshal(s)
			if err != nil { // a text can always be written
				return append(b, `""`...)
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// seriesScope returns the scope that a series is shown with: what the split names is said by its dimensions, so it is left out as far
// down as the question's own level. An instance of an endpoint keeps its deployment, since two deployments may have one of that name.
func seriesScope(s query.AnswerSeries) scopes.Path {
	path := s.Scope
	if _, split := s.Dimensions["instanceId"]; split && s.Asked != scopes.LevelInstance {
		path.Instance = ""
	}
	if _, split := s.Dimensions["deployment"]; split && s.Asked == scopes.LevelEndpoint && path.Instance == "" {
		path.Deployment = ""
	}
	return path
}
