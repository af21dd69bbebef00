package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/subproc"
	"github.com/endscope/endscope/test/programs"
)

// bin is the folder of the two binaries, built once before any test runs.
var bin string

func TestMain(m *testing.M) { os.Exit(programs.Main(m, &bin, "-race")) }

// eventually waits until f returns nil, and fails the test with f's last error after d.
func eventually(t *testing.T, d time.Duration, f func(context.Context) error) {
	t.Helper()
	require.NoError(t, subproc.Await(programs.Within(t, d), f))
}

// agent is one Endscope agent over its restarts: its identity, folder and page stay.
type agent struct {
	t    *testing.T
	args []string
	page string
	proc *subproc.Process
}

// newAgent returns an agent e/d/i of the server at url that is not running yet.
func newAgent(t *testing.T, url string, args ...string) *agent {
	page := programs.FreeAddr(t)
	return &agent{t: t, page: page, args: append([]string{
		"run", "--server", url, "--endpoint", "e", "--deployment", "d", "--instance", "i",
		"--data-dir", filepath.Join(t.TempDir(), "agent"), "--metrics.listen", page,
	}, args...)}
}

func (a *agent) start() {
	a.t.Helper()
	a.proc = programs.Run(a.t, filepath.Join(bin, "endscope-agent"), a.args...)
}

// metric returns a value of the agent's own page: of the series without labels that is called name.
func (a *agent) metric(ctx context.Context, name string) (float64, error) {
	body, err := subproc.Get(ctx, "http://"+a.page+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(body)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(rest), 64)
		}
	}
	return 0, fmt.Errorf("the agent's page shows no %s", name)
}

// element is one series of an answer: Value for an instant vector, Values and Histograms for a matrix.
type element struct {
	Metric     map[string]string `json:"metric"`
	Value      *point            `json:"value"`
	Values     []point           `json:"values"`
	Histogram  *histogramPoint   `json:"histogram"`
	Histograms []histogramPoint  `json:"histograms"`
}

// point is a sample; its time is in Unix milliseconds.
type point struct {
	at    int64
	value float64
}

func (p *point) UnmarshalJSON(b []byte) error {
	var pair [2]json.RawMessage
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	var text string
	if err := json.Unmarshal(pair[1], &text); err != nil {
		return err
	}
	var err error
	if p.at, err = millis(pair[0]); err != nil {
		return err
	}
	p.value, err = strconv.ParseFloat(text, 64)
	return err
}

// histogramPoint is a native histogram sample; its buckets stay as they came.
type histogramPoint struct {
	at         int64
	count, sum float64
	buckets    string
}

func (p *histogramPoint) UnmarshalJSON(b []byte) error {
	var pair [2]json.RawMessage
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	var h struct {
		Count   float64         `json:"count,string"`
		Sum     float64         `json:"sum,string"`
		Buckets json.RawMessage `json:"buckets"`
	}
	if err := json.Unmarshal(pair[1], &h); err != nil {
		return err
	}
	var err error
	p.at, err = millis(pair[0])
	p.count, p.sum, p.buckets = h.Count, h.Sum, string(h.Buckets)
	return err
}

func millis(b json.RawMessage) (int64, error) {
	seconds, err := strconv.ParseFloat(string(b), 64)
	return int64(seconds*1000 + 0.5), err
}

// ask returns the answer of a Prometheus API, at base, to an instant or range query: the series, or for a scalar one element.
func ask(ctx context.Context, base, path string, params url.Values) ([]element, error) {
	body, err := subproc.Get(ctx, base+"/api/v1/"+path, params)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data struct {
			ResultType string          `json:"resultType"`
			Result     json.RawMessage `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("read the answer to %s: %w", params.Get("query"), err)
	}
	if answer.Data.ResultType == "scalar" {
		var p point
		err := json.Unmarshal(answer.Data.Result, &p)
		return []element{{Value: &p}}, err
	}
	var all []element
	err = json.Unmarshal(answer.Data.Result, &all)
	return all, err
}

// instant asks for the value of expr at a time.
func instant(ctx context.Context, base, expr string, at time.Time) ([]element, error) {
	return ask(ctx, base, "query", url.Values{"query": {expr}, "time": {stamp(at)}})
}

// stamp writes a time as the API reads it, to the millisecond.
func stamp(at time.Time) string { return strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64) }
