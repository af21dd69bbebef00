package route

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/nflog/nflogpb"
	"github.com/prometheus/alertmanager/silence/silencepb"
	"google.golang.org/protobuf/encoding/protodelim"

	"github.com/endscope/endscope/alerts"
)

// Kinds of journal entries.
const (
	kindNotified = "nflog"
	kindSilence  = "silences"
)

// journal makes what Alertmanager's packages broadcast durable. They broadcast under their locks, so add only takes note, and whoever needs
// to know that it is on disk calls flush: many of them share one commit.
type journal struct {
	save func(ctx context.Context, kind string, entries []alerts.JournalEntry) error // nil keeps nothing
	mu   sync.Mutex
	// pending has the newest entry of each kind and key; it is bounded by the number of groups and silences.
	pending map[string]map[string]alerts.JournalEntry
	added   uint64
	failing time.Time // since when saving fails; zero while it does not

	commit chan struct{} // has a token while somebody saves
	saved  uint64        // of added; only with the token
}

func newJournal(j alerts.Journal) *journal {
	w := &journal{pending: map[string]map[string]alerts.JournalEntry{}, commit: make(chan struct{}, 1)}
	if j != nil {
		w.save = j.SaveJournal
	}
	return w
}

func (w *journal) add(kind string, entries []alerts.JournalEntry) {
	if w.save == nil || len(entries) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pending[kind] == nil {
		w.pending[kind] = map[string]alerts.JournalEntry{}
	}
	for _, e := range entries {
		w.pending[kind][e.Key] = e
		w.added++
	}
}

// flush returns nil once everything that was added before is on disk. What fails to be saved stays pending.
func (w *journal) flush(ctx context.Context, now time.Time) error {
	if w.save == nil {
		return nil
	}
	w.mu.Lock()
	target := w.added
	w.mu.Unlock()
	select {
	case w.commit <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-w.commit }()
	if w.saved >= target {
		return nil // in the commit of somebody else
	}
	w.mu.Lock()
	pending, upTo := w.pending, w.added
	w.pending = map[string]map[string]alerts.JournalEntry{}
	w.mu.Unlock()
	var err error
	for _, kind := range slices.Sorted(maps.Keys(pending)) {
		if e := w.save(ctx, kind, slices.Collect(maps.Values(pending[kind]))); e != nil {
			err = errors.Join(err, fmt.Errorf("save journal of %s: %w", kind, e))
			w.again(kind, pending[kind])
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		if w.failing.IsZero() {
			w.failing = now
		}
		return err
	}
	w.saved, w.failing = upTo, time.Time{}
	return nil
}

// again puts back what was not saved, unless there is something newer.
func (w *journal) again(kind string, entries map[string]alerts.JournalEntry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pending[kind] == nil {
		w.pending[kind] = entries
		return
	}
	for key, e := range entries {
		if _, newer := w.pending[kind][key]; !newer {
			w.pending[kind][key] = e
		}
	}
}

// failingSince returns since when nothing could be saved; zero while saving works.
func (w *journal) failingSince() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failing
}

// merger is a log of Alertmanager's that takes entries of another server, or of an earlier self.
type merger interface{ Merge([]byte) error }

// load merges what was journalled and returns how many entries it could not read.
func load(ctx context.Context, j alerts.Journal, kind string, into merger) (damaged int, err error) {
	entries, err := j.LoadJournal(ctx, kind)
	if err != nil {
		return 0, fmt.Errorf("load journal of %s: %w", kind, err)
	}
	for _, e := range entries {
		if into.Merge(e.Data) != nil {
			damaged++
		}
	}
	return damaged, nil
}

// notifiedEntries takes apart what the log of notifications broadcasts.
func notifiedEntries(b []byte) ([]alerts.JournalEntry, error) {
	var all []alerts.JournalEntry
	for r := bufio.NewReader(bytes.NewReader(b)); ; {
		var e nflogpb.MeshEntry
		if err := protodelim.UnmarshalFrom(r, &e); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return all, err
		}
		if e.Entry == nil || e.Entry.Receiver == nil {
			return all, errors.New("an entry without receiver")
		}
		var data bytes.Buffer
		if _, err := protodelim.MarshalTo(&data, &e); err != nil {
			return all, err
		}
		key := fmt.Sprintf("%s/%s/%d:%s", e.Entry.Receiver.GroupName, e.Entry.Receiver.Integration, e.Entry.Receiver.Idx, e.Entry.GroupKey)
		all = append(all, alerts.JournalEntry{Key: key, Data: data.Bytes(), Expires: e.ExpiresAt.AsTime()})
	}
}

// silenceEntries takes apart what silences broadcast.
func silenceEntries(b []byte) ([]alerts.JournalEntry, error) {
	var all []alerts.JournalEntry
	for r := bufio.NewReader(bytes.NewReader(b)); ; {
		var e silencepb.MeshSilence
		if err := protodelim.UnmarshalFrom(r, &e); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return all, err
		}
		if e.Silence == nil {
			return all, errors.New("an entry without silence")
		}
		var data bytes.Buffer
		if _, err := protodelim.MarshalTo(&data, &e); err != nil {
			return all, err
		}
		all = append(all, alerts.JournalEntry{Key: e.Silence.Id, Data: data.Bytes(), Expires: e.ExpiresAt.AsTime()})
	}
}
