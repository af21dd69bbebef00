package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/time/rate"

	"github.com/endscope/endscope/agent/records"
)

const (
	journalLine    = 8 << 20 // longest entry that is read, in its JSON form
	journalLanes   = 64      // processes whose lines are joined apart
	journalHeld    = 4096    // entries that may come while one waits for further lines
	journalRetry   = time.Minute
	journalProgram = "journalctl"
)

// journal reads units from systemd's journal through journalctl, which knows the journal's files and needs no cgo.
type journal struct {
	p     *Pipeline
	store *positions
	lanes map[string]*lane
	limit *rate.Limiter
	told  string

	rows    []records.Console
	size    int
	count   int64    // of entries
	cursors []string // of the entries since the oldest that waits, the last is that of entry number count
	cursor  string   // of the last entry that became a row
	saved   string   // as on disk
}

func newJournal(p *Pipeline, store *positions) *journal {
	j := &journal{p: p, store: store, lanes: map[string]*lane{}}
	j.cursor = store.cursor()
	j.saved = j.cursor
	if p.cfg.RateLimit > 0 {
		j.limit = rate.NewLimiter(rate.Limit(p.cfg.RateLimit), int(p.cfg.RateBurst)+journalLine)
	}
	return j
}

// run reads until ctx ends, and starts journalctl again when it ends before.
func (j *journal) run(ctx context.Context) {
	for wait := time.Second; ctx.Err() == nil; wait = min(2*wait, journalRetry) {
		began := time.Now()
		err := j.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		j.p.metrics.failures.Inc()
		if time.Since(began) > journalRetry {
			wait = time.Second
		}
		if text := err.Error(); text != j.told {
			j.told = text
			j.p.log.Error("the journal cannot be read; it is tried again", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// follow runs journalctl once. It returns why it ended, or nil when ctx ended.
func (j *journal) follow(ctx context.Context) error {
	program, err := exec.LookPath(journalProgram)
	if err != nil {
		return fmt.Errorf("console.journald needs the program journalctl, which is part of systemd: %w", err)
	}
	if j.cursor == "" && j.p.cfg.From == FromEnd {
		// What is printed from now on is wanted, also if the agent is restarted before the first entry.
		j.cursor = j.endCursor(ctx, program)
	}
	cmd := exec.CommandContext(ctx, program, journalArgs(j.p.cfg, j.cursor)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the agent, which ends it in order
	cmd.WaitDelay = time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	said := &tail{}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start journalctl: %w", err)
	}
	lines, stop := make(chan []byte, 16), make(chan struct{})
	go func() {
		defer close(lines)
		split := splitter{max: journalLine, emit: func(l rawLine) {
			select {
			case lines <- bytes.Clone(l.text):
			case <-stop:
			}
		}}
		buf := make([]byte, 64<<10)
		for {
			n, err := out.Read(buf)
			split.feed(buf[:n])
			if err != nil {
				return
			}
		}
	}()
	j.read(ctx, lines)
	close(stop)
	_ = cmd.Process.Kill() // it has ended, or is not wanted any more
	for range lines {      // until its output ends
	}
	err = cmd.Wait()
	if ctx.Err() != nil {
		return nil
	}
	text := said.String()
	if text == "" && err != nil {
		text = err.Error()
	}
	return errors.New("journalctl ended: " + text)
}

// endCursor returns the cursor of the journal's last entry, and nothing where there is none.
func (j *journal) endCursor(ctx context.Context, program string) string {
	args := []string{"--lines=1", "--show-cursor", "--output=cat", "--quiet"}
	if j.p.cfg.JournalDir != "" {
		args = append(args, "--directory="+j.p.cfg.JournalDir)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	_, cursor, _ := strings.Cut(string(out[max(bytes.LastIndex(out, []byte("-- cursor: ")), 0):]), "-- cursor: ")
	cursor = strings.TrimSpace(cursor)
	if cursor != "" {
		j.save(cursor)
	}
	return cursor
}

// read makes rows of entries until there are no more or ctx ends.
func (j *journal) read(ctx context.Context, lines <-chan []byte) {
	tick := time.NewTicker(max(min(j.p.cfg.Multiline.Wait/2, 200*time.Millisecond), 5*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				j.finish(ctx)
				return
			}
			if j.limit != nil && j.limit.WaitN(ctx, len(line)) != nil {
				continue // ctx has ended
			}
			j.take(line, time.Now())
			if len(j.rows) >= batchRows || j.size >= batchSize {
				j.commit(ctx)
			}
		case <-tick.C:
			now := time.Now()
			for _, l := range inOrder(j.lanes) {
				l.expire(now)
			}
			j.commit(ctx)
		case <-ctx.Done():
			j.finish(ctx)
			return
		}
	}
}

// finish makes rows of what is held, and keeps them.
func (j *journal) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	j.flush()
	j.commit(ctx)
	if len(j.rows) > 0 { // they could not be kept, and are read again
		j.rows, j.size, j.cursor = nil, 0, j.saved
	}
	j.cursors = nil
}

func (j *journal) flush() {
	now := time.Now()
	for _, l := range inOrder(j.lanes) {
		l.flush(now)
	}
}

func (j *journal) take(line []byte, now time.Time) {
	if len(bytes.TrimSpace(line)) == 0 {
		return
	}
	j.p.metrics.bytes.WithLabelValues(sourceJournal).Add(float64(len(line) + 1))
	j.p.metrics.lines.WithLabelValues(sourceJournal).Inc()
	e, ok := parseJournal(line)
	if !ok {
		j.p.metrics.malformed.Inc()
		j.p.log.Warn("entry of the journal cannot be read and is left out", "bytes", len(line))
		return
	}
	if len(j.cursors) >= journalHeld {
		j.flush()
	}
	j.count++
	j.cursors = append(j.cursors, e.cursor)
	if e.at.IsZero() {
		e.at = now
	}
	l := j.lanes[e.stream]
	if l == nil {
		if len(j.lanes) >= journalLanes {
			j.flush()
			clear(j.lanes)
		}
		container := j.p.cfg.Container
		if container == ContainerAuto {
			container = DefaultContainer
		}
		l = j.p.newLane(sourceJournal, "", container, func(row records.Console) {
			j.rows = append(j.rows, row)
			j.size += len(row.Message)
		})
		j.lanes[e.stream] = l
	}
	if e.more || l.partOpen {
		l.piece(e.at, now, e.text, 0, e.more, j.count)
	} else {
		l.message(e.at, now, e.text, j.count)
	}
	j.trim()
}

// trim forgets the cursors of entries that have become rows.
func (j *journal) trim() {
	oldest := j.count + 1 // the first entry that has not
	for _, l := range j.lanes {
		if from, held := l.pending(); held {
			oldest = min(oldest, from)
		}
	}
	first := j.count - int64(len(j.cursors)) + 1
	if n := oldest - first; n > 0 {
		j.cursor = j.cursors[n-1]
		j.cursors = j.cursors[n:]
		if len(j.cursors) == 0 {
			j.cursors = nil
		}
	}
}

// commit puts the rows on disk, and then remembers the cursor.
func (j *journal) commit(ctx context.Context) {
	if len(j.rows) > 0 {
		if !j.p.append(ctx, j.rows) {
			return
		}
		j.rows, j.size = nil, 0
	}
	j.trim()
	if j.cursor != j.saved {
		j.save(j.cursor)
	}
}

func (j *journal) save(cursor string) {
	if err := j.store.update(func(d *positionData) { d.Cursor = cursor }); err != nil {
		j.p.log.Warn("position in the journal cannot be written; a restart would read again what was read since", "err", err)
		return
	}
	j.saved = cursor
}

// tail keeps the end of what a program says about its failure.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if len(t.b) > 1024 {
		t.b = bytes.Clone(t.b[len(t.b)-1024:])
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(string(t.b)) }
