package gpu

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// toldFile is the name in Settings.Dir.
const toldFile = "kernel-log.json"

// maxTold is more bytes than the file can have.
const maxTold = 4096

// told is up to which record of the kernel's log XIDs have been told. It outlives the agent in a file. Numbers of records are of one
// boot, so the file of another boot says nothing.
type told struct {
	Boot     string `json:"boot_id"`
	Sequence uint64 `json:"sequence"`
}

// bootID returns what names the running boot; empty where it cannot be read.
func (p procfs) bootID() string {
	if p.root == nil {
		return ""
	}
	text, err := fs.ReadFile(p.root, "sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// loadTold returns what the file in a folder says of this boot, and false if it says nothing. An error is a file that cannot be read.
func loadTold(dir, boot string) (uint64, bool, error) {
	f, err := os.Open(filepath.Join(dir, toldFile))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxTold))
	if err != nil {
		return 0, false, err
	}
	var t told
	if err := json.Unmarshal(text, &t); err != nil {
		return 0, false, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return t.Sequence, t.Boot == boot, nil
}

// storeTold replaces the file as a whole. It need not survive a crash of the machine, after which its numbers mean nothing.
func storeTold(dir string, t told) error {
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	name := filepath.Join(dir, toldFile)
	if err := os.WriteFile(name+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// mark is a record of the kernel's log that was read at a time.
type mark struct {
	sequence uint64
	at       time.Time // zero: there is none
}

// marks says up to which record everything has been told. The event of a line can come a moment after the line, so a record counts
// only when it has been read for a while.
type marks struct{ first, last mark }

// add notes a record that was handed on.
func (m *marks) add(sequence uint64, now time.Time) {
	m.last = mark{sequence, now}
	if m.first.at.IsZero() {
		m.first = m.last
	}
}

// settled takes the latest record that is of an age, and returns how long until the next one is if there is none.
func (m *marks) settled(now time.Time, age time.Duration) (sequence uint64, ok bool, wait time.Duration) {
	for _, one := range []mark{m.last, m.first} {
		if !one.at.IsZero() && now.Sub(one.at) >= age {
			if m.first = (mark{}); m.last.sequence != one.sequence {
				m.first = m.last
			} else {
				m.last = mark{}
			}
			return one.sequence, true, 0
		}
	}
	if m.first.at.IsZero() {
		return 0, false, askMarksEvery
	}
	return 0, false, m.first.at.Add(age).Sub(now)
}

// endAge is the age that a record must have at the end of the agent. One that is younger is told again at the next start, for its
// event may not have come.
const endAge = time.Second

// askMarksEvery is the wait where there is nothing to write down: a record is noted after those who tell of it have been woken.
const askMarksEvery = time.Minute

// saveTold writes down what has been told, if there is news. It is called when nothing waits to be told, and returns how long until it
// should be called again.
func (c *Collector) saveTold(ending bool) time.Duration {
	k := c.kernel.Load()
	if k == nil || c.settings.Dir == "" {
		return askMarksEvery
	}
	age := lineFor
	if ending {
		age = endAge
	}
	k.mu.Lock()
	sequence, ok, wait := k.marks.settled(time.Now(), age)
	k.mu.Unlock()
	if !ok {
		return wait
	}
	if err := storeTold(c.settings.Dir, told{k.bootID, sequence}); err != nil && !c.unsaved {
		c.unsaved = true
		c.log.Warn("what was told of the kernel's log cannot be written down: the agent tells it again after a restart", "reason", err.Error())
	}
	return lineFor
}
