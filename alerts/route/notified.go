package route

import (
	"slices"
	"time"

	"github.com/prometheus/alertmanager/nflog"
	"github.com/prometheus/alertmanager/nflog/nflogpb"
)

const (
	// notifiedFor is the least time for which it is remembered who was notified: longer than any alert is sent again after a restart.
	notifiedFor = 24 * time.Hour
	// maxResolved bounds how many resolved alerts are remembered of one group and receiver.
	maxResolved = 2000
)

// notificationLog is Alertmanager's log of notifications, on disk before the step after it, and with a longer memory of what was told as
// resolved: whoever starts again is given the alerts that resolved lately, and must not tell them twice.
type notificationLog struct {
	log   *nflog.Log
	flush func() error
}

// Log implements notify.NotificationLog.
func (l *notificationLog) Log(r *nflogpb.Receiver, group string, firing, resolved []uint64, store *nflog.Store, expiry time.Duration) error {
	if entries, err := l.log.Query(nflog.QReceiver(r), nflog.QGroupKey(group)); err == nil && len(entries) == 1 {
		resolved = remember(entries[0].ResolvedAlerts, firing, resolved)
	}
	if err := l.log.Log(r, group, firing, resolved, store, max(expiry, notifiedFor)); err != nil {
		return err
	}
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
