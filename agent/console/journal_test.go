package console

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// tools makes journalctl and systemd-journal-remote available.
func tools(t *testing.T) {
	t.Helper()
	packages := []string{"systemd-journal-remote"}
	if _, err := exec.LookPath(journalProgram); err != nil {
		packages = append(packages, "systemd")
	}
	out, err := exec.CommandContext(t.Context(), "../../scripts/debian-tools", packages...).Output()
	require.NoError(t, err)
	first, _, _ := strings.Cut(string(out), "\n")
	t.Setenv("PATH", filepath.Dir(first)+":"+os.Getenv("PATH"))
}

// addToJournal writes entries, in journalctl's export format, to the journal's files in dir.
func addToJournal(t *testing.T, dir string, entries ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "systemd-journal-remote", "--output="+filepath.Join(dir, "test.journal"), "-")
	cmd.Stdin = strings.NewReader(strings.Join(entries, "\n") + "\n")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

// exported is one entry; second is its time.
func exported(second int, unit, pid, message string, more ...string) string {
	fields := append([]string{
		fmt.Sprintf("__REALTIME_TIMESTAMP=%d", 1_700_000_000_000_000+int64(second)*1_000_000), fmt.Sprintf("__MONOTONIC_TIMESTAMP=%d", 1+second),
		"_BOOT_ID=0123456789abcdef0123456789abcdef", "_SYSTEMD_UNIT=" + unit, "_PID=" + pid, binaryField("MESSAGE", message),
	}, more...)
	return strings.Join(fields, "\n") + "\n"
}

// binaryField is a field whose value may hold anything: its length in eight bytes, lowest first, comes before it.
func binaryField(name, value string) string {
	var size [8]byte
	for i := range size {
		size[i] = byte(len(value) >> (8 * i))
	}
	return name + "\n" + string(size[:]) + value
}

func TestReadsTheJournal(t *testing.T) {
	tools(t)
	dir, files := t.TempDir(), t.TempDir()
	long := strings.Repeat("x", 10_000)
	addToJournal(t, files,
		exported(0, "vllm.service", "1", "hello"), exported(1, "other.service", "2", "not wanted"), exported(2, "vllm.service", "1", "not \xff text"),
		exported(3, "vllm.service", "1", long), exported(4, "vllm.service", "1", "one message\nof two lines"),
		exported(5, "vllm.service", "1", "Traceback (most recent call last):"), exported(6, "vllm.service", "9", "of another process"), exported(7, "vllm.service", "1", "  File"),
		exported(8, "docker.service", "3", "part ", "CONTAINER_NAME=model", "CONTAINER_PARTIAL_MESSAGE=true"), exported(9, "docker.service", "3", "rest", "CONTAINER_NAME=model"))
	cfg := quick()
	cfg.Journald, cfg.JournalDir = []string{"vllm", "CONTAINER_NAME=model"}, files
	s := &sink{}
	r := follow(t, dir, s, cfg)
	want := []string{"hello", "not \ufffd text", long, "one message\nof two lines", "Traceback (most recent call last):\n  File", "of another process", "part rest"}
	r.wait(t, want...)
	require.Equal(t, time.Unix(1_700_000_000, 0).UTC(), r.rows[0].Time.UTC())
	require.Equal(t, time.Unix(1_700_000_008, 0).UTC(), r.rows[6].Time.UTC())
	addToJournal(t, files, exported(10, "vllm.service", "1", "while it runs"))
	r.wait(t, append(want, "while it runs")...)
	r.stop()

	// A restart goes on after the last entry that was kept, and one whose rows could not be kept reads them again.
	addToJournal(t, files, exported(11, "vllm.service", "1", "while it does not"))
	s.setFail(errDisk)
	r = follow(t, dir, s, cfg)
	require.Eventually(t, func() bool { return s.metric(t, "agent_console_lines_total", "source=journal") == 1 }, 20*time.Second, 5*time.Millisecond)
	r.stop()
	s.setFail(nil)
	r = follow(t, dir, s, cfg)
	r.wait(t, append(want, "while it runs", "while it does not")...)
}

func TestTheJournalsEndIsRemembered(t *testing.T) {
	tools(t)
	dir, files := t.TempDir(), t.TempDir()
	addToJournal(t, files, exported(0, "vllm.service", "1", "old"))
	cfg := quick()
	cfg.From, cfg.Journald, cfg.JournalDir = FromEnd, []string{"vllm.service"}, files
	s := &sink{}
	r := follow(t, dir, s, cfg)
	require.Eventually(t, func() bool {
		b, err := os.ReadFile(filepath.Join(dir, positionsName))
		return err == nil && strings.Contains(string(b), "journal_cursor")
	}, 20*time.Second, 5*time.Millisecond)
	r.stop()
	addToJournal(t, files, exported(1, "vllm.service", "1", "while no agent ran"))
	r = follow(t, dir, s, cfg)
	r.wait(t, "while no agent ran")
}

func TestWithoutJournalctlTheReasonIsSaid(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	cfg := quick()
	cfg.Journald = []string{"vllm"}
	p, err := NewPipeline(cfg, (&sink{}).settings(t.TempDir()))
	require.NoError(t, err)
	j := newJournal(p, &positions{})
	require.ErrorContains(t, j.follow(t.Context()), "console.journald needs the program journalctl, which is part of systemd")
}

func TestFieldsOfTheJournal(t *testing.T) {
	for in, want := range map[string]string{
		`{"__CURSOR":"c","MESSAGE":"text"}`:            "text",
		`{"__CURSOR":"c","MESSAGE":[104,105,255]}`:     "hi\xff",
		`{"__CURSOR":"c","MESSAGE":["a",[98,99],"d"]}`: "a\nbc\nd",
		`{"__CURSOR":"c","MESSAGE":null}`:              "",
		`{"__CURSOR":"c"}`:                             "",
		`{"__CURSOR":"c","MESSAGE":[[["deep"]]]}`:      "",
	} {
		e, ok := parseJournal([]byte(in))
		require.True(t, ok, in)
		require.Equal(t, want, string(e.text), in)
	}
	for _, in := range []string{"", "{}", "null", `{"__CURSOR":7}`, "-- No entries --"} {
		_, ok := parseJournal([]byte(in))
		require.False(t, ok, in)
	}
	require.Equal(t, []string{"--after-cursor=c", "_SYSTEMD_UNIT=a.service", "+", "_SYSTEMD_UNIT=b@1.service", "+", "X=1"},
		journalArgs(Config{Journald: []string{"a", "b@1.service", "X=1"}}, "c")[6:])
}
