package houserules

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// goSays runs scripts/go-test with a go that prints the i-th text when it is called for the i-th time, and fails where the text does. It returns the
// output, the exit status and the arguments of each call.
func goSays(t *testing.T, texts ...string) (out string, status int, calls []string) {
	t.Helper()
	dir := t.TempDir()
	for i, text := range texts {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprint("says", i)), []byte(text), 0o600))
	}
	fake := filepath.Join(dir, "go")
	require.NoError(t, os.WriteFile(fake, []byte(`#!/usr/bin/env bash
cd "${0%/*}"
touch calls
n=$(wc -l <calls)
echo "$*" >>calls
cat "says$n"
! grep -q ^FAIL "says$n"
`), 0o700))
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, "scripts", "go-test"), "-race", "-timeout", "20m", "./...")
	cmd.Env = append(os.Environ(), "GO="+fake)
	printed, err := cmd.CombinedOutput()
	if err != nil {
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
		status = exit.ExitCode()
	}
	called, err := os.ReadFile(filepath.Join(dir, "calls"))
	require.NoError(t, err)
	return string(printed), status, strings.Split(strings.TrimSpace(string(called)), "\n")
}

// TestOnlyACrashOfTheRaceDetectorIsRunAgain holds scripts/go-test to running again what the detector's own defect ended, and nothing else.
func TestOnlyACrashOfTheRaceDetectorIsRunAgain(t *testing.T) {
	const (
		good  = "ok  \tx/good\t1.2s\n"
		crash = "ThreadSanitizer: CHECK failed: tsan_rtl.cpp:346 \"((exiting || thr->fast_state.epoch() == kEpochLast)) != (0)\" (0x0, 0x0) (tid=7)\nFAIL\tx/crash\t3.4s\n"
		bad   = "--- FAIL: TestBad (0.01s)\n    bad_test.go:1: wrong\nFAIL\nFAIL\tx/bad\t0.1s\n"
		end   = "FAIL\n"
		all   = "test -race -timeout 20m ./..."
		again = "test -race -timeout 20m x/crash"
	)
	for name, c := range map[string]struct {
		says   []string
		calls  []string
		status int
		last   string // the line of numbers
	}{
		"all is well":                  {[]string{good}, []string{all}, 0, "1 packages passed, 0 failed (0 failing tests)"},
		"a test fails":                 {[]string{good + bad + end}, []string{all}, 1, "1 packages passed, 1 failed (1 failing tests)"},
		"a crash":                      {[]string{good + crash + end, "ok  \tx/crash\t3s\n"}, []string{all, again}, 0, "2 packages passed, 0 failed (0 failing tests)"},
		"a crash beside a failed test": {[]string{crash + good + bad + end, "ok  \tx/crash\t3s\n"}, []string{all, again}, 1, "2 packages passed, 1 failed (1 failing tests)"},
		"a crash twice":                {[]string{good + crash + end, crash + end}, []string{all, again}, 1, "1 packages passed, 1 failed (0 failing tests)"},
		"a crash, then a failed test":  {[]string{crash + end, strings.ReplaceAll(bad, "x/bad", "x/crash") + end}, []string{all, again}, 1, "0 packages passed, 1 failed (1 failing tests)"},
		"a crash after a failed test":  {[]string{"--- FAIL: TestBad (0.01s)\n" + crash + end}, []string{all}, 1, "0 packages passed, 1 failed (1 failing tests)"},
		"a crash after a data race":    {[]string{"WARNING: DATA RACE\n" + crash + end}, []string{all}, 1, "0 packages passed, 1 failed (0 failing tests)"},
		"a crash after a panic":        {[]string{"panic: test timed out\n" + crash + end}, []string{all}, 1, "0 packages passed, 1 failed (0 failing tests)"},
		"what does not compile":        {[]string{"FAIL\tx/crash [build failed]\n" + end}, []string{all}, 1, "0 packages passed, 1 failed (0 failing tests)"},
	} {
		t.Run(name, func(t *testing.T) {
			out, status, calls := goSays(t, c.says...)
			require.Equal(t, c.calls, calls, out)
			require.Equal(t, c.status, status, out)
			require.Contains(t, out, "go test: "+c.last, out)
			require.Equal(t, len(c.calls) > 1, strings.Contains(out, "go test: run twice because the race detector crashed: x/crash"), out)
		})
	}
}
