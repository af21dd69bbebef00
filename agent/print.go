package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// betweenRounds is how far apart Print's two rounds are: rates need two.
const betweenRounds = time.Second

// Print reads every source twice, a second apart, and writes the second round in Prometheus's text format, without the identity labels. A native
// histogram is written as its count and sum. It returns what the collectors failed at, joined; what they gave is written all the same.
// The collectors stay the caller's.
func Print(ctx context.Context, sources []Source, w io.Writer) error {
	var errs []error
	var readings []Reading
	for last := range 2 {
		if last == 1 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(betweenRounds):
			}
		}
		errs, readings = nil, readings[:0]
		for _, s := range sources {
			got, err := collectOnce(ctx, s)
			readings = append(readings, got...)
			if err != nil {
				errs = append(errs, fmt.Errorf("collector %s: %w", s.Collector.Name(), err))
			}
		}
	}
	return errors.Join(append(errs, writeText(w, readings))...)
}

// collectOnce reads one source, within its timeout if it comes back at all.
func collectOnce(ctx context.Context, s Source) ([]Reading, error) {
	timeout := s.Timeout
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	done := make(chan result, 1)
	go func() {
		var res result
		defer func() {
			if p := recover(); p != nil {
				res.err = fmt.Errorf("panic: %v", p)
			}
			done <- res
		}()
		r := &Round{Time: time.Now()}
		res.err = s.Collector.Collect(ctx, r)
		res.readings = r.Readings
	}()
	select {
	case res := <-done:
		return res.readings, res.err
	case <-time.After(timeout + returnSlack):
		return nil, fmt.Errorf("%w within %s", errHangs, timeout)
	}
}

var (
	helpEscaper  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	labelEscaper = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

func writeText(w io.Writer, readings []Reading) error {
	slices.SortStableFunc(readings, func(a, b Reading) int { return strings.Compare(a.Desc.Name, b.Desc.Name) })
	var out strings.Builder
	var last *Desc
	for _, r := range readings {
		if last == nil || last.Name != r.Desc.Name {
			last = r.Desc
			typ := string(r.Desc.Type)
			switch {
			case r.Hist != nil || strings.HasSuffix(r.Desc.Name, "_bucket"):
				typ = string(model.MetricTypeHistogram)
			case r.Desc.Type == model.MetricTypeHistogram || r.Desc.Type == model.MetricTypeUnknown || typ == "":
				typ = "untyped"
			}
			fmt.Fprintf(&out, "# HELP %s %s\n# TYPE %s %s\n", r.Desc.Name, helpEscaper.Replace(r.Desc.Help), r.Desc.Name, typ)
		}
		if r.Hist != nil {
			writeLine(&out, r, "_count", float64(r.Hist.Count))
			writeLine(&out, r, "_sum", r.Hist.Sum)
			continue
		}
		writeLine(&out, r, "", r.Value)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func writeLine(out *strings.Builder, r Reading, suffix string, v float64) {
	out.WriteString(r.Desc.Name + suffix)
	sep := "{"
	for i, l := range r.Desc.Labels {
		if i < len(r.LabelValues) && r.LabelValues[i] != "" {
			out.WriteString(sep + l + `="` + labelEscaper.Replace(r.LabelValues[i]) + `"`)
			sep = ","
		}
	}
	if sep == "," {
		out.WriteString("}")
	}
	out.WriteString(" " + strconv.FormatFloat(v, 'g', -1, 64) + "\n")
}
