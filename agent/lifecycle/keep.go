package lifecycle

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/endscope/endscope/agent/process"
)

// keeper is the file in which the state of a start survives the agent.
type keeper struct {
	dir   string
	kept  kept      // as it was when the agent started
	saved time.Time // last
}

// kept is what the file holds.
type kept struct {
	Saved    time.Time    `json:"saved"`
	Count    int          `json:"attempts"`
	Main     process.Main `json:"process"` // zero when none ran
	Ready    bool         `json:"ready"`
	Starting *starting    `json:"starting,omitempty"` // the start that was under way
	Child    *running     `json:"child,omitempty"`    // the agent's own server; nil when none ran
}

// starting is an attempt that was under way.
type starting struct {
	Number int             `json:"number"`
	Server server          `json:"server,omitempty"`
	Opened time.Time       `json:"opened,omitzero"`
	Told   time.Time       `json:"told,omitzero"`
	Phases map[Phase]*work `json:"phases,omitempty"`
}

const maxKept = 1 << 20 // bytes of the file

func (k *keeper) name() string { return filepath.Join(k.dir, "lifecycle.json") }

// old says that a start that is under way should be written again, so that the file tells when the agent was last there.
func (k *keeper) old(now time.Time) bool { return now.Sub(k.saved) >= maxAway/4 }

func (k *keeper) load() error {
	if k.dir == "" {
		return nil
	}
	info, err := os.Stat(k.name())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Size() > maxKept {
		return errors.New(k.name() + " is larger than it can be")
	}
	text, err := os.ReadFile(k.name())
	if err != nil {
		return err
	}
	var read kept
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	k.kept = read
	return nil
}

// store replaces the file as a whole. What a lost write costs is one start that is not measured.
func (k *keeper) store(now kept) error {
	if k.dir == "" {
		return nil
	}
	text, err := json.Marshal(now)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(k.dir, 0o750); err != nil {
		return err
	}
	next := k.name() + ".new"
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return err
	}
	return os.Rename(next, k.name())
}

// restore reads the file, before anything happens.
func (l *Lifecycle) restore() {
	if err := l.keeper.load(); err != nil {
		l.set.Logger.Warn("the state of the server's start cannot be read and begins anew", "err", err)
	}
	l.count = l.keeper.kept.Count
}

// save writes the file.
func (l *Lifecycle) save() {
	l.dirty = false
	if l.keeper.dir == "" {
		return
	}
	l.keeper.saved = time.Now()
	now := kept{Saved: l.keeper.saved, Count: l.count, Ready: l.ready}
	if l.up {
		now.Main = l.main
		now.Main.Command = "" // it may hold secrets
	}
	switch {
	case !l.runs():
	case l.up:
		now.Child = &running{PID: l.pid, Started: l.began}
	case l.count == l.keeper.kept.Count: // no start yet, so that the end of the one before is still to be told
		now.Child = l.keeper.kept.Child
	}
	if a := l.attempt; a != nil && a.ended.IsZero() && l.up {
		now.Starting = &starting{Number: a.number, Server: a.server, Opened: a.opened, Told: a.told, Phases: a.phases}
	}
	if err := l.keeper.store(now); err != nil {
		l.set.Logger.Warn("the state of the server's start cannot be kept", "err", err)
	}
}

// attempt returns the start that was under way.
func (s *starting) attempt(started time.Time) *attempt {
	a := newAttempt(s.Number, started)
	a.server, a.opened, a.told = s.Server, s.Opened, s.Told
	for p, w := range s.Phases {
		if w == nil {
			continue
		}
		to := a.work(p)
		to.Parts, to.Sums, to.Failed = w.Parts, w.Sums, w.Failed
		maps.Copy(to.Open, w.Open)
		maps.Copy(to.Last, w.Last)
	}
	return a
}
