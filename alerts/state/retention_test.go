package state

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/internal/config"
)

const day = 24 * time.Hour

func (s *Store) has(t *testing.T, id string) bool {
	t.Helper()
	_, err := s.Read(t.Context(), id)
	if err != nil {
		require.ErrorIs(t, err, alerts.ErrNotFound)
	}
	return err == nil
}

// handOn notes that routing took everything.
func handOn(t *testing.T, s *Store, now time.Time) {
	t.Helper()
	for {
		due, err := s.Due(t.Context(), now, 1000)
		require.NoError(t, err)
		if len(due) == 0 {
			return
		}
		require.NoError(t, s.Handed(t.Context(), now, due, func(*Record) time.Duration { return 0 }))
	}
}

func TestAlertsAreKeptForThirtyDaysAfterTheyEnded(t *testing.T) {
	s, c := open(t, DefaultConfig())
	at := c.now()
	stateless := fired(3, at)
	stateless.Stateless = true
	apply(t, s, change(fired(1, at), at), change(fired(2, at), at), change(stateless, at), change(resolved(2, at, at.Add(-90*day)), at), change(fired(4, at), at), change(resolved(4, at, at), at),
		change(fired(5, at), at))
	_, err := s.SetUserState(all(t), []string{"id-5"}, alerts.Closed, "me", "")
	require.NoError(t, err)
	handOn(t, s, at)
	require.NoError(t, s.SaveJournal(t.Context(), JournalSilences, []alerts.JournalEntry{{Key: "a", Data: []byte("x"), Expires: at.Add(day)}, {Key: "b", Data: []byte("x")}}))
	c.add(20 * day)
	_, err = s.SetUserState(all(t), []string{"id-4"}, alerts.Closed, "me", "")
	require.NoError(t, err)
	c.add(9 * day)
	require.NoError(t, s.Prune(t.Context()))
	for _, id := range []string{"id-1", "id-2", "id-3", "id-4", "id-5"} {
		require.True(t, s.has(t, id), id)
	}
	c.add(2 * day)
	require.NoError(t, s.Prune(t.Context()))
	require.True(t, s.has(t, "id-1"), "it has not resolved")
	require.False(t, s.has(t, "id-2"), "the time when it resolved is the server's")
	require.False(t, s.has(t, "id-3"))
	require.True(t, s.has(t, "id-4"), "it was closed later")
	require.True(t, s.has(t, "id-5"), "closing does not stop the condition")
	c.add(20 * day)
	require.NoError(t, s.Prune(t.Context()))
	require.False(t, s.has(t, "id-4"))
	var n int
	require.NoError(t, s.db.QueryRow("SELECT count(*) FROM timeline WHERE alert NOT IN (SELECT seq FROM alerts)").Scan(&n))
	require.Zero(t, n, "timelines go with their alerts")
	require.NoError(t, s.db.QueryRow("SELECT count(*) FROM journal").Scan(&n))
	require.Equal(t, 1, n)
	require.Equal(t, []bool{false}, apply(t, s, change(resolved(2, at, at), c.now())), "a resolution of what is gone is nothing")
}

func TestWhatWasNotHandedOnIsKept(t *testing.T) {
	s, c := open(t, DefaultConfig())
	at := c.now()
	apply(t, s, change(fired(1, at), at), change(resolved(1, at, at), at))
	c.add(100 * day)
	require.NoError(t, s.Prune(t.Context()))
	require.True(t, s.has(t, "id-1"))
}

func TestTheOldestGoWhereThereAreTooMany(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MaxAlerts = 1000
	reg := prometheus.NewPedanticRegistry()
	c := newClock()
	s, err := Open(t.Context(), cfg, Settings{Path: filepath.Join(t.TempDir(), "alerts.db"), Now: c.now, Registerer: reg})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	at := c.now()
	var changes []Change
	for n := range 1300 {
		changes = append(changes, change(fired(n, at), at.Add(time.Duration(n)*time.Millisecond)))
		if n%2 == 0 {
			changes = append(changes, change(resolved(n, at, at), at.Add(time.Duration(n)*time.Millisecond)))
		}
	}
	apply(t, s, changes...)
	handOn(t, s, at.Add(time.Hour))
	require.NoError(t, s.Prune(t.Context()))
	require.False(t, s.has(t, "id-0"))
	require.False(t, s.has(t, "id-598"))
	require.True(t, s.has(t, "id-600"))
	require.True(t, s.has(t, "id-1"))
	require.InDelta(t, 300, testutil.ToFloat64(s.metrics.deleted.WithLabelValues(deletedByNumber)), 0)
	c.add(31 * day)
	require.NoError(t, s.Prune(t.Context()))
	require.InDelta(t, 350, testutil.ToFloat64(s.metrics.deleted.WithLabelValues(deletedByAge)), 0)
	require.True(t, s.has(t, "id-1299"), "650 have not resolved")
}

func TestConfigIsChecked(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	require.Len(t, config.Fields(Config{}.Validate()), 3)
	_, err := Open(t.Context(), Config{}, Settings{})
	require.ErrorContains(t, err, "retention: must be between")
}

// TestWhatIsHandedOnAfterARestart resumes four hours after some alerts, and half an hour after others.
func TestWhatIsHandedOnAfterARestart(t *testing.T) {
	entry := func(kind string) Notification {
		return Notification{Entry: &alerts.TimelineEntry{Kind: kind, Text: kind}}
	}
	failed, notified := Notification{Receiver: "a", Error: "down"}, Notification{Receiver: "a", OK: true}
	muted, released := entry("muted"), entry("released")
	const stateless, resolves, lasts = 0, 1, 2
	for i, c := range []struct {
		ago      time.Duration
		kind     int
		timeline []Notification
		want     bool
	}{
		{100 * time.Hour, lasts, []Notification{notified}, true},
		{30 * time.Minute, resolves, nil, true},
		{30 * time.Minute, resolves, []Notification{notified}, true},
		{30 * time.Minute, resolves, []Notification{muted}, false},
		{30 * time.Minute, resolves, []Notification{muted, released}, true},
		{30 * time.Minute, resolves, []Notification{failed, muted}, true},
		{30 * time.Minute, stateless, []Notification{muted}, true},
		{4 * time.Hour, resolves, nil, false},
		{4 * time.Hour, resolves, []Notification{failed}, true},
		{4 * time.Hour, resolves, []Notification{failed, notified}, false},
		{4 * time.Hour, resolves, []Notification{muted}, false},
		{4 * time.Hour, stateless, nil, false},
		{4 * time.Hour, stateless, []Notification{failed}, true},
		{4 * time.Hour, stateless, []Notification{muted}, true},
		{4 * time.Hour, stateless, []Notification{muted, released}, false},
		{4 * time.Hour, stateless, []Notification{muted, released, notified}, false},
		{121 * time.Hour, stateless, []Notification{failed}, false},
	} {
		s, clock := open(t, DefaultConfig())
		at := clock.now()
		a := fired(1, at)
		a.Stateless = c.kind == stateless
		apply(t, s, change(a, at))
		due, err := s.Due(t.Context(), at, 10)
		require.NoError(t, err)
		hold := func(*Record) time.Duration { return 0 }
		require.NoError(t, s.Handed(t.Context(), at, due, hold))
		for _, n := range c.timeline {
			n.Alerts, n.At = []string{"id-1"}, at
			if n.Entry != nil {
				n.Entry.At = at
			}
			require.NoError(t, s.Notified(t.Context(), n))
		}
		if c.kind == resolves {
			apply(t, s, change(resolved(1, at, at), at))
			due, err = s.Due(t.Context(), at, 10)
			require.NoError(t, err)
			require.NoError(t, s.Handed(t.Context(), at, due, hold))
		}
		clock.add(c.ago)
		now := clock.now()
		n, err := s.Resume(t.Context(), now, now.Add(-time.Hour), now.Add(-120*time.Hour))
		require.NoError(t, err)
		require.Equal(t, map[bool]int{true: 1}[c.want], n, "case %d", i)
	}
}
