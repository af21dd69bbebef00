package console

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/agent/records"
)

const killEnv = "ENDSCOPE_CONSOLE_KILL_DIR"

// tailForEver is an agent that is killed at any time. Its spool is a file of batches, each a line, flushed to disk before it counts as kept.
func tailForEver(dir string) {
	spool, err := os.OpenFile(filepath.Join(dir, "spool"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	if _, err := spool.WriteString("\n"); err != nil { // a kill may have cut the last line
		panic(err)
	}
	p, err := NewPipeline(quick(filepath.Join(dir, "server.log")), Settings{Dir: dir, Append: func(_ context.Context, rows []records.Console) error {
		var batch []string
		for _, r := range rows {
			batch = append(batch, r.Message)
		}
		b, err := json.Marshal(batch)
		if err != nil {
			return err
		}
		if _, err := spool.Write(append(b, '\n')); err != nil {
			return err
		}
		return spool.Sync()
	}})
	if err != nil {
		panic(err)
	}
	fmt.Println("begun")
	panic(p.Run(context.Background()))
}

// An agent that is killed again and again while the file is written and rotated keeps every line, in order; what comes twice is at most the last batch of
// each life.
func TestKilledAtRandomNothingIsLostOrReordered(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "server.log")
	written := 0
	grow := func() {
		for range 40 {
			var b strings.Builder
			for range 100 {
				fmt.Fprintf(&b, "line %d %s\n", written, strings.Repeat("x", written%200))
				written++
			}
			write(t, path, b.String())
			time.Sleep(2 * time.Millisecond)
		}
	}
	lives := 0
	for life := range 8 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), killEnv+"="+dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		require.True(t, bufio.NewScanner(out).Scan())
		if life == 0 { // a file that no agent has ever seen is not looked for under other names
			grow()
			require.Eventually(t, func() bool { _, err := os.Stat(filepath.Join(dir, positionsName)); return err == nil }, 30*time.Second, 5*time.Millisecond)
		}
		timer := time.AfterFunc(time.Duration(20+life*17)*time.Millisecond, func() { _ = cmd.Process.Kill() })
		grow()
		if life%3 == 2 { // rotated, sometimes while no agent runs
			require.NoError(t, os.Rename(path, fmt.Sprintf("%s.%d", path, life)))
			grow()
		}
		_ = cmd.Process.Kill()
		timer.Stop()
		require.Error(t, cmd.Wait())
		lives++
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killEnv+"="+dir)
	require.NoError(t, cmd.Start())
	last := fmt.Sprintf("line %d ", written-1)
	require.Eventually(t, func() bool {
		b, err := os.ReadFile(filepath.Join(dir, "spool"))
		return err == nil && strings.Contains(string(b), last)
	}, 30*time.Second, 20*time.Millisecond)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())

	b, err := os.ReadFile(filepath.Join(dir, "spool"))
	require.NoError(t, err)
	next, repeats, largest := 0, 0, 0
	for line := range strings.Lines(string(b)) {
		var batch []string
		if json.Unmarshal([]byte(line), &batch) != nil {
			continue // the kill cut it, so it was not kept
		}
		largest = max(largest, len(batch))
		for i, m := range batch {
			n, err := strconv.Atoi(strings.Fields(m)[1])
			require.NoError(t, err, m)
			if n < next {
				require.Zero(t, i, "only a whole batch may come again")
				repeats++
				require.Less(t, next-n, 20_000)
				next = n
			}
			require.Equal(t, next, n, "no gap")
			next++
		}
	}
	require.Equal(t, written, next)
	require.LessOrEqual(t, repeats, lives)
	t.Log("lines", written, "lives", lives, "batches repeated", repeats, "largest batch", largest)
}
