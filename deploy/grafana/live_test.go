package grafana

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/cmd/endscope/commands"
	"github.com/endscope/endscope/internal/subproc"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "demo") { // this program is the demo, or one of the instances that it starts
		os.Exit(commands.Main(os.Args[1:], os.Stdout, os.Stderr))
	}
	goleak.VerifyTestMain(m)
}

// grafana asks as Grafana's Prometheus data source does.
type grafana struct {
	client *http.Client
	url    string
}

// answer is the envelope of Prometheus's API.
type answer struct {
	Status, ErrorType, Error string
	Warnings                 []string
	Data                     json.RawMessage
}

// read decodes an answer, and returns an error unless it is a success without warnings.
func read(resp *http.Response) (json.RawMessage, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, fmt.Errorf("%s: %w: %.500s", resp.Status, err, body)
	}
	if resp.StatusCode != http.StatusOK || a.Status != "success" || len(a.Warnings) > 0 {
		return nil, fmt.Errorf("%s: %s %s %v", resp.Status, a.ErrorType, a.Error, a.Warnings)
	}
	return a.Data, nil
}

// post sends a form, as `httpMethod: POST` does.
func (g *grafana) post(ctx context.Context, path string, form url.Values) (json.RawMessage, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := g.client.Do(req)
	if err != nil {
		return nil, err
	}
	return read(resp)
}

func (g *grafana) get(ctx context.Context, path string, query url.Values) (json.RawMessage, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url+path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := g.client.Do(req)
	if err != nil {
		return nil, err
	}
	return read(resp)
}

const (
	timeRange = 5 * time.Minute
	step      = 15 * time.Second
)

func seconds(t time.Time) string {
	return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64)
}

// window is the time range that is looked at, aligned to the step as Grafana does it.
func window() (start, end time.Time) {
	end = time.Now().Truncate(step).Add(step)
	return end.Add(-timeRange), end
}

// substitute replaces the variables of an expression. $__rate_interval is four push intervals, as Grafana computes it from the
// data source's timeInterval of 15 s.
func substitute(expr string, chosen map[string]string) (string, error) {
	var unknown error
	expr = variable.ReplaceAllStringFunc(expr, func(v string) string {
		name := strings.Trim(v, "${}")
		switch value, ok := chosen[name]; {
		case name == "__rate_interval":
			return "1m0s"
		case ok:
			return value
		}
		unknown = errors.Join(unknown, fmt.Errorf("no variable is called %s", v))
		return v
	})
	return expr, unknown
}

var variable = regexp.MustCompile(`\$\{?[a-zA-Z_]+\}?`)

// sample is a point of an answer: the time and a number or a native histogram.
type sample [2]json.RawMessage

func (s sample) good(native bool) bool {
	if native {
		var h struct{ Count string }
		return json.Unmarshal(s[1], &h) == nil && h.Count != ""
	}
	var text string
	if json.Unmarshal(s[1], &text) != nil {
		return false
	}
	v, err := strconv.ParseFloat(text, 64)
	return err == nil && !math.IsNaN(v)
}

// ask runs one target of a panel. It returns an error for an answer that holds nothing but gaps.
func (g *grafana) ask(ctx context.Context, q Target, chosen map[string]string) error {
	expr, err := substitute(q.Expr, chosen)
	if err != nil {
		return err
	}
	start, end := window()
	var data json.RawMessage
	if q.Instant {
		data, err = g.post(ctx, "/api/v1/query", url.Values{"query": {expr}, "time": {seconds(time.Now())}})
	} else {
		data, err = g.post(ctx, "/api/v1/query_range", url.Values{"query": {expr}, "start": {seconds(start)}, "end": {seconds(end)}, "step": {seconds(time.Unix(0, int64(step)))}})
	}
	if err != nil {
		return fmt.Errorf("%s: %w", expr, err)
	}
	var got struct {
		Result []struct {
			Value, Histogram   *sample
			Values, Histograms []sample
		}
	}
	if err := json.Unmarshal(data, &got); err != nil {
		return fmt.Errorf("%s: %w: %.300s", expr, err, data)
	}
	if len(got.Result) == 0 {
		return fmt.Errorf("%s: the answer is empty", expr)
	}
	good, native := 0, 0
	for _, s := range got.Result {
		if s.Value != nil {
			s.Values = append(s.Values, *s.Value)
		}
		if s.Histogram != nil {
			s.Histograms = append(s.Histograms, *s.Histogram)
		}
		for _, v := range s.Values {
			if v.good(false) {
				good++
			}
		}
		for _, v := range s.Histograms {
			if v.good(true) {
				native++
			}
		}
	}
	if q.Format == "heatmap" {
		good, native = native, good
	}
	if good == 0 {
		return fmt.Errorf("%s: %d series hold no value to draw", expr, len(got.Result))
	}
	if native > 0 {
		return fmt.Errorf("%s: floats and histograms are mixed", expr)
	}
	return nil
}

// machineOnly are series that not every machine can give: a container may have neither a local disk nor a network device of its own.
var machineOnly = regexp.MustCompile(`instance_disk_utilization_ratio|instance_network_bytes_total`)

// cannotBeRead reports whether an expression is about something that no agent on this machine reads. Absent is absent.
func (g *grafana) cannotBeRead(ctx context.Context, expr string) bool {
	series := machineOnly.FindString(expr)
	if series == "" {
		return false
	}
	data, err := g.get(ctx, "/api/v1/series", url.Values{"match[]": {series}})
	return err == nil && string(data) == "[]"
}

// values runs the query of a variable.
func (g *grafana) values(ctx context.Context, v Variable, chosen map[string]string) ([]string, error) {
	text, err := json.Marshal(v.Query)
	if err != nil {
		return nil, err
	}
	var query VariableQuery
	if err := json.Unmarshal(text, &query); err != nil {
		return nil, err
	}
	expr, err := substitute(query.Query, chosen)
	if err != nil {
		return nil, err
	}
	parts := labelValues.FindStringSubmatch(expr)
	if parts == nil || expr != labelValues.FindString(expr) || query.Query != v.Definition {
		return nil, fmt.Errorf("%s: not a query that Grafana understands", expr)
	}
	start, end := window()
	form := url.Values{"start": {seconds(start)}, "end": {seconds(end)}, "limit": {"40000"}}
	if parts[1] != "" {
		form.Set("match[]", parts[1])
	}
	data, err := g.get(ctx, "/api/v1/label/"+parts[2]+"/values", form)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", expr, err)
	}
	var out []string
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, err
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: no values", expr)
	}
	return out, nil
}

// labelValues is the form that Grafana's own code looks for.
var labelValues = regexp.MustCompile(`^label_values\((?:(.+),\s*)?([a-zA-Z_$][a-zA-Z0-9_]*)\)$`)

// choices returns every combination of the dashboard's variables, each with the values that the server offers once those before are chosen.
func (g *grafana) choices(ctx context.Context, d Dashboard) ([]map[string]string, error) {
	all := []map[string]string{{}}
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		var next []map[string]string
		for _, chosen := range all {
			values, err := g.values(ctx, v, chosen)
			if err != nil {
				return nil, err
			}
			for _, value := range values {
				if v.Name == "endpoint" && value != "credit-default" {
					continue // this machine has no traffic
				}
				one := map[string]string{v.Name: value}
				for name, value := range chosen {
					one[name] = value
				}
				next = append(next, one)
			}
		}
		all = next
	}
	return all, nil
}

// eventually calls f until it returns nil, or fails with its last error at the deadline.
func eventually(t *testing.T, deadline time.Time, f func() error) {
	t.Helper()
	for {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(250 * time.Millisecond)
	}
}

func TestEveryPanelIsAnswered(t *testing.T) {
	ctx := t.Context()
	program, err := os.Executable()
	require.NoError(t, err)
	log := filepath.Join(t.TempDir(), "log")
	demo, err := subproc.Start(log, program, "demo", "--listen=127.0.0.1:0", "--data-dir="+t.TempDir(), "--rate=40", "--interval=1s", "--simulate-gpu")
	require.NoError(t, err)
	t.Cleanup(demo.Kill)

	deadline := time.Now().Add(90 * time.Second)
	g := &grafana{client: &http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second}}
	defer g.client.CloseIdleConnections()
	eventually(t, deadline, func() error {
		printed, err := os.ReadFile(log)
		g.url = regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(string(printed))
		if g.url == "" {
			return fmt.Errorf("the demo does not say where it listens: %w %s", err, printed)
		}
		return nil
	})
	// All four instances are there and have answered requests: then every expression has what it needs, some only a round later.
	eventually(t, deadline, func() error {
		return g.ask(ctx, Target{Expr: `sum(histogram_count(rate(endpoint_request_duration_seconds{endpoint="credit-default"}[1m]))) and count(count by (instance) (gpu_utilization_ratio)) == 4`, Instant: true}, nil)
	})

	combinations, asked := 0, 0
	for name, d := range load(t) {
		var choices []map[string]string
		eventually(t, deadline, func() (err error) {
			choices, err = g.choices(ctx, d)
			return err
		})
		want := map[string]int{"endpoint.json": 1, "deployment.json": 2, "instance.json": 4}[name]
		require.Len(t, choices, want, name)
		for _, chosen := range choices {
			combinations++
			for _, p := range panels(d.Panels) {
				for _, q := range p.Targets {
					eventually(t, deadline, func() error {
						if err := g.ask(ctx, q, chosen); err != nil && !g.cannotBeRead(ctx, q.Expr) {
							return fmt.Errorf("%s, %v, panel %q, %s: %w", name, chosen, p.Title, q.RefID, err)
						}
						return nil
					})
					asked++
				}
			}
		}
	}
	t.Logf("%d expressions over %d choices of scope were answered", asked, combinations)
	require.Equal(t, 7, combinations)

	// What else the data source asks.
	_, err = g.post(ctx, "/api/v1/query", url.Values{"query": {"1+1"}, "time": {"4"}})
	require.NoError(t, err, "Save & test")
	now := time.Now()
	data, err := g.post(ctx, "/api/v1/query_exemplars", url.Values{"query": {"test"}, "start": {strconv.FormatInt(now.Add(-time.Hour).UnixMilli(), 10)}, "end": {strconv.FormatInt(now.UnixMilli(), 10)}})
	require.NoError(t, err, "the probe for exemplars, in milliseconds")
	require.JSONEq(t, "[]", string(data))

	stopping, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	require.NoError(t, demo.Stop(stopping))
}
