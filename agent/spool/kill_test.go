package spool

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

const killEnv = "ENDSCOPE_SPOOL_KILL_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killEnv); dir != "" {
		appendForEver(dir)
	}
	if dir := os.Getenv(fullEnv); dir != "" {
		os.Exit(appendToAFullDisk(dir))
	}
	goleak.VerifyTestMain(m)
}

// appendForEver is the child: it prints the number of each entry that Append has returned for, and acknowledges every third.
func appendForEver(dir string) {
	s, err := Open(DefaultConfig(), Settings{Dir: dir})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	start := 0
	if e, ok, _ := s.Peek(); ok {
		start, _ = strconv.Atoi(strings.Fields(string(e.Payload))[0])
		start += s.Stats().Entries
	}
	for n := start; ; n++ {
		if err := s.Append(fmt.Appendf(nil, "%d %s", n, strings.Repeat("x", n%7000)), 1); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println("appended", n)
		if n%3 == 2 {
			e, _, _ := s.Peek()
			fmt.Println("acking", e.Seq)
			if err := s.Ack(e.Seq); err != nil {
				fmt.Println("error", err)
				os.Exit(1)
			}
			fmt.Println("acked", strings.Fields(string(e.Payload))[0])
		}
	}
}

func TestEveryAppendedEntrySurvivesSIGKILL(t *testing.T) {
	dir := t.TempDir()
	appended, acked := -1, -1
	for life := range 4 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), killEnv+"="+dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		timer := time.AfterFunc(time.Duration(300+life*70)*time.Millisecond, func() { _ = cmd.Process.Kill() })
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			word, rest, _ := strings.Cut(lines.Text(), " ")
			require.NotEqual(t, "error", word, rest)
			n, err := strconv.Atoi(rest)
			if err != nil {
				continue // a line that the kill cut
			}
			switch word {
			case "appended":
				require.GreaterOrEqual(t, n, appended+1)
				appended = n
			case "acked":
				acked = n
			}
		}
		timer.Stop()
		require.Error(t, cmd.Wait(), "it was killed")

		s, err := Open(DefaultConfig(), Settings{Dir: dir})
		require.NoError(t, err)
		st := s.Stats()
		e, ok, err := s.Peek()
		require.NoError(t, err)
		require.True(t, ok)
		first, err := strconv.Atoi(strings.Fields(string(e.Payload))[0])
		require.NoError(t, err)
		require.LessOrEqual(t, first, acked+2, "nothing left that was not acknowledged (one Ack may have been in flight)")
		require.GreaterOrEqual(t, first, acked+1, "what was acknowledged does not come back")
		require.GreaterOrEqual(t, first+st.Entries-1, appended, "nothing appended is missing")
		require.NoError(t, s.Close())
	}
	t.Log("appended", appended, "acknowledged", acked)
	s := open(t, dir, DefaultConfig(), nil)
	next := -1
	for _, p := range drain(t, s) {
		n, err := strconv.Atoi(strings.Fields(p)[0])
		require.NoError(t, err)
		if next >= 0 {
			require.Equal(t, next, n, "no gap and no repetition")
		}
		next = n + 1
	}
}
