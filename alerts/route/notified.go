package route

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/encoding/protodelim"
)

const (
	// notifiedFor is the least time for which it is remembered who was notified: longer than any alert is sent again after a restart.
	notifiedFor = 24 * time.Hour
	// maxResolved bounds how many resolved alerts are remembered of one group and receiver.
	maxResolved = 2000
)

// notificationLog is Alertmanager's log of notifications, on disk before the step after it, and with a longer memory of what was told as
// resolved: whoever starts again is given the alerts that resolved lately, and must not tell them twice. Beside that it knows which receiver
// was told of which alert, whatever the group of alerts was: a change of the policy makes other groups.
type notificationLog struct {
	log    *nflog.Log
	flush  func() error
	active func(hash uint64) bool // whether an alert is active
	now    func() time.Time

	mu   sync.Mutex
	tell map[string]map[uint64]time.Time // when a receiver was last told of an alert
}

// Log implements notify.NotificationLog.
func (l *notificationLog) Log(r *nflogpb.Receiver, group string, firing, resolved []uint64, store *nflog.Store, expiry time.Duration) error {
	if entries, err := l.log.Query(nflog.QReceiver(r), nflog.QGroupKey(group)); err == nil && len(entries) == 1 {
		// Where resolved alerts are not told, one that is over goes from those that fire without being among the resolved ones.
		over := slices.DeleteFunc(slices.Clone(entries[0].FiringAlerts), l.active)
		resolved = remember(slices.Concat(over, entries[0].ResolvedAlerts), firing, resolved)
	}
	if err := l.log.Log(r, group, firing, resolved, store, max(expiry, notifiedFor)); err != nil {
		return err
	}
	l.saw(r, firing, resolved)
	return l.flush()
}

// remember adds to the resolved alerts those that were before, unless they fire again.
func remember(before, firing, resolved []uint64) []uint64 {
	if len(before) == 0 {
		return resolved
	}
	seen := make(map[uint64]bool, len(firing)+len(resolved))
	for _, h := range firing {
		seen[h] = true
	}
	for _, h := range resolved {
		seen[h] = true
	}
	all := slices.Clone(resolved)
	for _, h := range before {
		if len(all) >= maxResolved {
			break
		}
		if !seen[h] {
			all = append(all, h)
		}
	}
	return all
}

// Query implements notify.NotificationLog.
func (l *notificationLog) Query(params ...nflog.QueryParam) ([]*nflogpb.Entry, error) {
	return l.log.Query(params...)
}

// Merge takes an entry of an earlier self.
func (l *notificationLog) Merge(data []byte) error {
	if err := l.log.Merge(data); err != nil {
		return err
	}
	var m nflogpb.MeshEntry
	if err := protodelim.UnmarshalFrom(bytes.NewReader(data), &m); err != nil || m.Entry == nil || m.Entry.Receiver == nil {
		return err
	}
	l.saw(m.Entry.Receiver, m.Entry.FiringAlerts, m.Entry.ResolvedAlerts)
	return nil
}

func (l *notificationLog) saw(r *nflogpb.Receiver, hashes ...[]uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name, now := nameOf(r), l.now()
	if l.tell[name] == nil {
		l.tell[name] = map[uint64]time.Time{}
	}
	for _, some := range hashes {
		for _, h := range some {
			l.tell[name][h] = now
		}
	}
}

// told says whether a receiver was told of an alert.
func (l *notificationLog) told(r *nflogpb.Receiver, hash uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, told := l.tell[nameOf(r)][hash]
	return told
}

// forget drops what nobody asks for any more.
func (l *notificationLog) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.now().Add(-retention)
	for name, hashes := range l.tell {
		for h, at := range hashes {
			if at.Before(before) {
				delete(hashes, h)
			}
		}
		if len(hashes) == 0 {
			delete(l.tell, name)
		}
	}
}

func nameOf(r *nflogpb.Receiver) string {
	return fmt.Sprintf("%s/%s/%d", r.GroupName, r.Integration, r.Idx)
}

// hashOf returns the number by which Alertmanager's log knows an alert.
//
// Source: hashAlert of alertmanager/notify.
func hashOf(labels model.LabelSet) uint64 {
	names := make(model.LabelNames, 0, len(labels))
	size := 0
	for name, value := range labels {
		names = append(names, name)
		size += len(name) + len(value) + 2
	}
	slices.Sort(names)
	b := make([]byte, 0, size)
	for _, name := range names {
		b = append(append(b, name...), '\xff')
		b = append(append(b, labels[name]...), '\xff')
	}
	return xxhash.Sum64(b)
}
