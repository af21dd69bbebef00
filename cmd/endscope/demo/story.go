package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/endscope/endscope/cmd/endscope/client"
	"github.com/endscope/endscope/cmd/internal/cli"
)

// story is what a demo prints.
type story struct {
	cfg     Config
	out     io.Writer
	url     string
	dataDir string
	program string
}

// question is one thing that a newcomer may ask, as a command of this program.
type question struct {
	asks    string
	args    []string // after `endscope query`
	answers int      // how many instances or deployments must show up in the answer
	tells   string
}

// questions lead from the whole to the one slow instance.
func questions() []question {
	requests := `endpoint_request_duration_seconds{endpoint="` + sampleEndpoint + `"}`
	return []question{
		{
			asks:    "How slow are requests, by deployment? The real 99th percentile, in seconds:",
			args:    []string{"instant", `histogram_quantile(0.99, sum by (deployment) (rate(` + requests + `[1m])))`},
			answers: 2,
			tells:   "Green, the newer version, asks its feature store for more.",
		},
		{
			asks:    "Which instance is it? The same question, one level down:",
			args:    []string{"instant", `sort_desc(histogram_quantile(0.99, sum by (deployment, instance) (rate(` + requests + `[1m]))))`},
			answers: 4,
			tells:   "green-2 is played as an instance far from its feature store.",
		},
		{
			asks:    "Who fails? The share of requests answered with an error, by drill-down instead of PromQL:",
			args:    []string{"metrics", "--scope", sampleEndpoint, "--metric", "ErrorRatio", "--split", "deployment", "--start", "-5m", "--interval", "full"},
			answers: 2,
			tells:   "What the model does not answer well is a 424, as at a managed endpoint: in both a few requests are malformed, and a few fail on the feature store; green's model fails, too, for applicants without a credit limit: it shows more the longer you wait.",
		},
	}
}

func (s *story) say(format string, args ...any) { fmt.Fprintf(s.out, format, args...) }

func (s *story) welcome() {
	gpus := "those of this machine, if it has any; --simulate-gpu gives each sample instance a simulated one"
	if s.cfg.SimulateGPU {
		gpus = "one simulated GPU for each sample instance, and an idle one beside green-1; its model name begins with \"Simulated\""
	}
	kept := s.dataDir
	if s.cfg.DataDir == "" {
		kept += ", removed at the end; --data-dir keeps it"
	}
	s.say(`Endscope demo: a server, the agent on this machine, and a sample endpoint under load. Ctrl-C stops everything.

  %[1]s  CPU, memory, disks and network of this machine
  %[2]s  instances blue-1 and blue-2, a logistic regression
  %[3]s  instances green-1 and green-2, boosted stumps, the newer version

  Traffic  %[4]g real requests per second; every instance is a process that scores applicants, run by an agent that measures it and pushes every %[5]s
  GPUs     %[6]s
  Data     %[7]s

Open
  %[8]s/                the start page, with links
  %[8]s/api/v1/scopes   endpoints, deployments and instances, with their state
  %[8]s/metrics         what the server says about itself
  Grafana: add %[8]s as a Prometheus data source; dashboards are in deploy/grafana
  Logs, in KQL: %[9]s
  Alerts: the ready-made rules are on for %[10]s. A slow instance fires within two minutes: %[11]s

`, pad(machineEndpoint+"/"+machineDeployment+"/"+machineName()), pad(sampleEndpoint+"/blue"), pad(sampleEndpoint+"/green"),
		s.cfg.Rate, s.cfg.Interval, gpus, kept, s.url, s.command(question{args: []string{"kql", tryQuery}}), sampleEndpoint, s.command(question{args: []string{"alerts"}}))
}

// tryQuery is a query of the logs to begin with.
const tryQuery = "AmlOnlineEndpointTrafficLog | where ResponseCode >= 400 | summarize count() by DeploymentName, ResponseCode, ResponseCodeReason"

// pad makes a column of scopes.
func pad(scope string) string { return fmt.Sprintf("%-24s", scope) }

// tell prints the questions with their answers once there are some. It returns true when the duration is over, and false when ctx ends.
func (s *story) tell(ctx context.Context) bool {
	began := time.Now()
	// A percentile needs some requests. Those who have little time get answers sooner.
	pause := 10 * time.Second
	if s.cfg.Duration > 0 {
		pause = min(pause, s.cfg.Duration)
	}
	s.say("Waiting %s for requests to ask about …\n\n", pause.Round(time.Second))
	if !wait(ctx, pause) {
		return false
	}
	for _, q := range questions() {
		answer, ok := s.answer(ctx, q)
		if !ok {
			return false
		}
		s.say("%s\n  $ %s\n%s  → %s\n\n", q.asks, s.command(q), indent(answer), q.tells)
	}
	s.say("`%s query --help` shows what else can be asked.\n", s.program)
	if s.cfg.Duration == 0 {
		<-ctx.Done()
		return false
	}
	return wait(ctx, time.Until(began.Add(s.cfg.Duration)))
}

// answer asks until the answer has what it should, for at most half a minute; then it takes what there is. It returns false when ctx ends.
func (s *story) answer(ctx context.Context, q question) (string, bool) {
	for deadline := time.Now().Add(30 * time.Second); ; {
		text, err := s.ask(ctx, q)
		late := time.Now().After(deadline)
		switch {
		case ctx.Err() != nil:
			return "", false
		case err != nil && late:
			return "  no answer: " + err.Error() + "\n", true
		case err == nil && (late || complete(text, q.answers)):
			return text, true
		}
		if !wait(ctx, 250*time.Millisecond) {
			return "", false
		}
	}
}

// ask runs the real command, and returns what it prints.
func (s *story) ask(ctx context.Context, q question) (string, error) {
	var out bytes.Buffer
	cmd := client.New(cli.Env{Stdout: &out, Stderr: &out})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(append(slices.Clone(q.args), "--server", s.url))
	err := cmd.ExecuteContext(ctx)
	return out.String(), err
}

// complete reports whether a table has a header, the expected number of rows, and a number in each.
func complete(table string, rows int) bool {
	lines := strings.Count(table, "\n")
	return lines == rows+1 && !strings.Contains(table, "NaN")
}

// command is the question as it can be pasted into a shell.
func (s *story) command(q question) string {
	words := []string{s.program, "query"}
	for _, a := range q.args {
		if strings.ContainsAny(a, ` '"(){}[]*$`) {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, a)
	}
	if s.url != "http://"+DefaultConfig().Listen {
		words = append(words, "--server", s.url)
	}
	return strings.Join(words, " ")
}

func (s *story) goodbye() {
	if s.cfg.DataDir == "" {
		s.say("Stopped. Nothing is left behind.\n")
		return
	}
	s.say("Stopped. The data is kept; run again with --data-dir %s to go on where this ended.\n", s.cfg.DataDir)
}

func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("  " + line)
	}
	return b.String()
}

// wait returns false when ctx ends first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
