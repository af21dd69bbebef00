package route

import (
	"maps"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/common/model"
)

// forget drops what resolved longer ago than keep and waits for nobody. The caller holds the lock.
func (m *memory) forget(now time.Time, keep time.Duration) {
	for fp, k := range m.byFP {
		if !k.active(now.Add(-keep)) && now.Sub(k.stored.UpdatedAt) >= keep && now.Sub(k.held) >= time.Duration(m.keep.Load()) {
			delete(m.byFP, fp)
			delete(m.byHash, k.hash)
			if m.shown[k.shownKey()] == k {
				delete(m.shown, k.shownKey())
			}
			if m.byID[k.alert.ID] == k {
				delete(m.byID, k.alert.ID)
			}
		}
	}
}

// sweep forgets old alerts, and returns those of others that ended since the last time.
func (m *memory) sweep(now time.Time) (ended []Alert) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range m.byFP {
		if k.alert.ID == "" && !k.ended && !k.active(now) {
			k.ended = true
			ended = append(ended, k.alert)
		}
	}
	m.forget(now, time.Duration(m.keep.Load()))
	return ended
}

// hold notes which alerts that are over their group keeps.
func (m *memory) hold(all []*alert.Alert, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range all {
		if k := m.byFP[a.Fingerprint()]; k != nil && !k.active(now) {
			k.held = now
		}
	}
}

// owe notes which alerts were still to be told to somebody when the plan changed.
func (m *memory) owe(waiting map[model.Fingerprint]bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for fp, k := range m.byFP {
		k.owed = waiting[fp]
	}
}

// activeHash says whether the alert that the log of notifications knows by a number is active.
func (m *memory) activeHash(hash uint64, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.byHash[hash]
	return k != nil && k.active(now)
}

// resolved returns the alerts that ended lately, as they were given to Alertmanager's packages.
func (m *memory) resolved(now time.Time) (all []*alert.Alert) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range m.byFP {
		if !k.active(now) {
			all = append(all, k.stored)
		}
	}
	return all
}

// giveUp notes that a receiver is not told of an alert, and returns true the first time.
func (m *memory) giveUp(fp model.Fingerprint, receiver string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.byFP[fp]
	if k == nil || k.gaveUp[receiver] {
		return false
	}
	if k.gaveUp = maps.Clone(k.gaveUp); k.gaveUp == nil {
		k.gaveUp = map[string]bool{}
	}
	k.gaveUp[receiver] = true
	return true
}
