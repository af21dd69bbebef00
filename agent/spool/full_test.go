package spool

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

const fullEnv = "ENDSCOPE_SPOOL_FULL_DIR"

// appendToAFullDisk is the child: its files may not grow beyond a few kilobytes for a while, so that writes fail, after a part of them was written.
// It prints which payloads were taken, and then what it reads.
func appendToAFullDisk(dir string) int {
	signal.Ignore(syscall.SIGXFSZ)
	limit := func(n uint64) {
		var now syscall.Rlimit
		_ = syscall.Getrlimit(syscall.RLIMIT_FSIZE, &now)
		now.Cur = min(n, now.Max)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &now); err != nil {
			fmt.Println("error", err)
		}
	}
	s, err := Open(DefaultConfig(), Settings{Dir: dir, OnDrop: func(r Reason, n int) { fmt.Println("dropped", r, n) }})
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	limit(10_000)
	add := func(i int) {
		all := []Payload{{fmt.Appendf(nil, "%d.0", i), 1}, {fmt.Appendf(nil, "%d.1 %s", i, strings.Repeat("x", 900)), 1}}
		if err := s.AppendAll(all); err != nil {
			fmt.Println("refused", i)
			return
		}
		fmt.Println("taken", i)
	}
	for i := range 15 {
		add(i)
	}
	if e, ok, err := s.Peek(); err != nil || !ok || s.Ack(e.Seq) != nil { // a full disk does not keep anybody from sending
		fmt.Println("error", ok, err)
	}
	limit(1 << 40)
	for i := 15; i < 20; i++ {
		add(i)
	}
	for range 2 { // once as it is, once after opening it again
		for {
			e, ok, err := s.Peek()
			if err != nil {
				fmt.Println("error", err)
				return 1
			}
			if !ok || e.Samples == 7 {
				break
			}
			fmt.Println("read", strings.Fields(string(e.Payload))[0])
			_ = s.Ack(e.Seq)
		}
		_ = s.Append([]byte("end"), 7)
		_ = s.Close()
		if s, err = Open(DefaultConfig(), Settings{Dir: dir}); err != nil {
			fmt.Println("error", err)
			return 1
		}
	}
	return 0
}

func TestAFullDiskTakesAllOfAnAppendOrNothing(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fullEnv+"="+t.TempDir())
	out, err := cmd.Output()
	require.NoError(t, err, string(out))
	var want, got []string
	refused := 0
	for line := range strings.Lines(string(out)) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "taken":
			want = append(want, rest+".0", rest+".1")
		case "refused":
			refused++
		case "read":
			got = append(got, rest)
		default:
			t.Error(line)
		}
	}
	require.GreaterOrEqual(t, refused, 3)
	require.Greater(t, len(want), 20)
	require.Equal(t, want[1:], got, "the first was acknowledged while the disk was full")
}
