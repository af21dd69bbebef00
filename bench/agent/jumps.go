package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/endscope/endscope/bench/kit"
)

// jump is a step of the agent's wall clock.
type jump struct {
	after time.Duration // since the start of the agent
	to    time.Duration // how far off the clock is from then on
}

func (j jump) String() string { return fmt.Sprintf("%s off after %s", j.to, j.after) }

func parseJumps(text string) (jumps []jump, err error) {
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		after, to, ok := strings.Cut(part, ":")
		var j jump
		var err2 error
		j.after, err = time.ParseDuration(after)
		j.to, err2 = time.ParseDuration(to)
		if err = errors.Join(err, err2); !ok || err != nil || j.to%time.Second != 0 || len(jumps) > 0 && j.after <= jumps[len(jumps)-1].after {
			return nil, fmt.Errorf("-jumps: must be AFTER:OFF with commas between, by rising AFTER, and OFF of whole seconds, such as 20s:5m,40s:-2h,60s:0s (got %q)", text)
		}
		jumps = append(jumps, j)
	}
	return jumps, nil
}

// buildJumping builds an agent whose wall clock makes the jumps, and whose monotonic clock does not, as where a machine's clock is set. Linux has no name space for
// that clock and its programs read it without a system call, so the agent is built with another time.Now.
func buildJumping(ctx context.Context, dir string, jumps []jump) (program string, err error) {
	root, err := kit.FindRoot()
	if err != nil {
		return "", err
	}
	goRoot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	original := filepath.Join(strings.TrimSpace(string(goRoot)), "src/time/time.go")
	text, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	patched, err := jumpingTime(string(text), jumps)
	if err != nil {
		return "", fmt.Errorf("%s: %w", original, err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{original: filepath.Join(dir, "time.go")}})
	if err != nil {
		return "", err
	}
	for name, content := range map[string][]byte{"time.go": []byte(patched), "overlay.json": overlay} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return "", err
		}
	}
	program = filepath.Join(dir, "endscope-agent")
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", program, "./cmd/endscope-agent")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build an agent whose clock jumps: %w\n%s", err, out)
	}
	return program, nil
}

// jumpingTime returns the source of package time with a Now that jumps.
func jumpingTime(source string, jumps []jump) (string, error) {
	const from = "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n"
	if strings.Count(source, from) != 1 {
		return "", fmt.Errorf("time.Now is another one in %s than this program changes", runtime.Version())
	}
	var steps strings.Builder
	for _, j := range jumps {
		fmt.Fprintf(&steps, "\tif since >= %d {\n\t\tsec = %d\n\t}\n", j.after.Nanoseconds(), int64(j.to/time.Second))
	}
	return strings.Replace(source, from, from+"\tsec += jumped(mono - startNano)\n", 1) + "\nfunc jumped(since int64) (sec int64) {\n" + steps.String() + "\treturn sec\n}\n", nil
}

// setClock lets the agent's clock jump under load, and follows every request.
func setClock(ctx context.Context, o options, dir string, out io.Writer) error {
	var err error
	if o.agent, err = buildJumping(ctx, dir, o.jumps); err != nil {
		return err
	}
	b, err := start(ctx, o, dir)
	defer b.stop()
	if err != nil {
		return err
	}
	rate, last := o.rates[len(o.rates)-1], o.jumps[len(o.jumps)-1].after
	fmt.Fprintf(out, "%d CPUs, %s; every %s; %d requests/s; the agent's clock is set: %v\n\n", runtime.NumCPU(), runtime.Version(), o.interval, rate, o.jumps)
	loadCtx, stopLoad := context.WithTimeout(ctx, last+around)
	defer stopLoad()
	seen := load(loadCtx, b.proxy, rate, o.connections, o.size)
	if err := ctx.Err(); err != nil {
		return err
	}
	lost, missing, twice, lines, err := b.follow(ctx, seen)
	if err != nil {
		return err
	}
	peak, err := b.agent.PeakRSS()
	if err != nil {
		return err
	}
	counted, err := b.own(ctx, `endpoint_data_collection_events_total{type="traffic"}`)
	if err != nil {
		return err
	}
	looks, err := b.rows(ctx, trafficLog, "not("+ofRequests+")")
	if err != nil {
		return err
	}
	off, err := b.rows(ctx, trafficLog, "TimeGenerated < ago(30m) or TimeGenerated > now() + 1m")
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "| requests | rows of another time | failed | rows missing | rows twice | lines missing or twice | counted as lost | counted requests | RSS max MiB | p50 ms | p99 ms |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|---|---|---|---|")
	fmt.Fprintf(out, "| %d | %d | %d | %d | %d | %d | %d | %d | %.1f | %.3f | %.3f |\n", len(seen.ids), off, seen.failed, missing, twice, lines, lost, int(counted)-looks, mib(peak),
		millis(seen.percentile(0.5)), millis(seen.percentile(0.99)))
	if off == 0 {
		return errors.New("the clock did not jump: every row has the time of this machine")
	}
	if seen.failed+missing+twice+lines+lost > 0 || int(counted)-looks != len(seen.ids) {
		return errors.New("something failed, is lost, or came twice")
	}
	return nil
}
