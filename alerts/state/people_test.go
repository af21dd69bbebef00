package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

func TestPeopleSayWhatTheyThink(t *testing.T) {
	s, c := open(t, DefaultConfig())
	at := c.now()
	apply(t, s, change(fired(1, at), at), change(fired(2, at), at), change(fired(3, at), at))
	c.add(time.Minute)
	n, err := s.SetUserState(all(t), []string{"id-1", "id-2", "id-1"}, alerts.Acknowledged, "ada", "on it")
	require.NoError(t, err)
	require.Equal(t, 2, n)
	n, err = s.SetUserState(all(t), []string{"id-1", "id-3"}, alerts.Acknowledged, "bob", "")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	r, err := s.Get(all(t), "id-1")
	require.NoError(t, err)
	require.Equal(t, alerts.Acknowledged, r.UserState)
	require.Equal(t, alerts.Fired, r.Condition)
	require.Equal(t, at.Add(time.Minute), r.ChangedAt)
	require.NoError(t, s.Comment(all(t), []string{"id-1"}, "bob", "me too"))
	entries, err := s.Timeline(all(t), "id-1")
	require.NoError(t, err)
	require.Equal(t, []alerts.TimelineEntry{
		{At: at, Kind: "Fired", Text: "It happened."},
		{At: at.Add(time.Minute), Kind: "state", By: "ada", Text: "State changed from New to Acknowledged."},
		{At: at.Add(time.Minute), Kind: "comment", By: "ada", Text: "on it"},
		{At: at.Add(time.Minute), Kind: "comment", By: "bob", Text: "me too"},
	}, entries)

	_, err = s.SetUserState(all(t), []string{"id-1", "none"}, alerts.Closed, "ada", "")
	require.ErrorIs(t, err, alerts.ErrNotFound)
	r, err = s.Get(all(t), "id-1")
	require.NoError(t, err)
	require.Equal(t, alerts.Acknowledged, r.UserState, "all or none")
	for field, do := range map[string]func() error{
		"state":   func() error { _, err := s.SetUserState(all(t), []string{"id-1"}, "Done", "x", ""); return err },
		"ids":     func() error { _, err := s.SetUserState(all(t), nil, alerts.Closed, "x", ""); return err },
		"comment": func() error { return s.Comment(all(t), []string{"id-1"}, "x", strings.Repeat("x", MaxComment+1)) },
		"by":      func() error { return s.Comment(all(t), []string{"id-1"}, strings.Repeat("x", MaxBy+1), "x") },
	} {
		var bad *alerts.FieldError
		require.ErrorAs(t, do(), &bad)
		require.Equal(t, field, bad.Field)
	}
	require.ErrorContains(t, s.Comment(all(t), []string{"id-1"}, "x", " \n"), "must not be empty")
}

func TestGrantsDecideWhatIsSeen(t *testing.T) {
	s, c := open(t, DefaultConfig())
	a, b := fired(1, c.now()), fired(2, c.now())
	b.Target = scopes.Path{}
	apply(t, s, change(a, c.now()), change(b, c.now()))
	mine := scopes.WithGrants(t.Context(), scopes.GrantScopes(scopes.Pattern{Endpoint: "credit"}))
	theirs := scopes.WithGrants(t.Context(), scopes.GrantScopes(scopes.Pattern{Endpoint: "fraud"}))
	_, err := s.Get(mine, "id-1")
	require.NoError(t, err)
	for _, id := range []string{"id-1", "id-2", "id-3"} {
		_, err := s.Get(theirs, id)
		require.EqualError(t, err, fmt.Sprintf("alert %q: not found", id), "what is hidden and what is not there look alike")
		_, err = s.Timeline(theirs, id)
		require.ErrorIs(t, err, alerts.ErrNotFound)
		require.ErrorIs(t, s.Comment(theirs, []string{id}, "x", "x"), alerts.ErrNotFound)
	}
	_, err = s.Get(mine, "id-2")
	require.ErrorIs(t, err, alerts.ErrNotFound, "alerts without a target are for those who see everything")
	_, err = s.Get(t.Context(), "id-1")
	require.ErrorIs(t, err, scopes.ErrNoGrants)
}

func TestTimelinesAreBounded(t *testing.T) {
	cfg := DefaultConfig()
	cfg.MaxTimeline = 20
	s, c := open(t, cfg)
	apply(t, s, change(fired(1, c.now()), c.now()))
	note := func(receiver, problem string) {
		t.Helper()
		c.add(time.Second)
		require.NoError(t, s.Notified(t.Context(), Notification{Alerts: []string{"id-1", "none"}, Group: "oncall", Receiver: receiver, Type: "webhook", OK: problem == "", Error: problem, At: c.now(), Attempt: 2}))
	}
	for range 5 {
		note("a", "503")
		note("b", "timeout")
	}
	note("a", "404")
	note("a", "")
	note("a", "404")
	entries, err := s.Timeline(all(t), "id-1")
	require.NoError(t, err)
	var texts []string
	for _, e := range entries[1:] {
		texts = append(texts, e.Text)
	}
	require.Equal(t, []string{
		"Could not notify a (webhook) of oncall, 5 times: 503", "Could not notify b (webhook) of oncall, 5 times: timeout", "Could not notify a (webhook) of oncall: 404",
		"Notified a (webhook) of oncall.", "Could not notify a (webhook) of oncall: 404",
	}, texts)
	var data map[string]any
	require.NoError(t, json.Unmarshal(entries[1].Data, &data))
	require.Equal(t, map[string]any{"group": "oncall", "receiver": "a", "type": "webhook", "error": "503", "attempt": 2.0, "count": 5.0, "first": "2026-11-28T12:00:01Z"}, data)

	for i := range 100 {
		require.NoError(t, s.Notified(t.Context(), Notification{Alerts: []string{"id-1"}, Entry: &alerts.TimelineEntry{At: c.now(), Kind: "muted", Text: "silenced"}}))
		note("a", fmt.Sprint("error ", i))
	}
	entries, err = s.Timeline(all(t), "id-1")
	require.NoError(t, err)
	require.Len(t, entries, 20)
	require.Equal(t, "Fired", entries[0].Kind, "what happened stays; the oldest notifications go")
	for i := range 30 {
		if err = s.Comment(all(t), []string{"id-1"}, "x", "hello"); err != nil {
			require.Equal(t, 19, i)
			break
		}
	}
	require.True(t, errors.Is(err, ErrTimelineFull))
	note("a", strings.Repeat("é", 5000))
	apply(t, s, change(resolved(1, c.now(), c.now()), c.now()))
	entries, err = s.Timeline(all(t), "id-1")
	require.NoError(t, err)
	require.Equal(t, "Resolved", entries[len(entries)-1].Kind, "and the end is never left out")
	require.Less(t, len(entries[len(entries)-2].Text), 1200)
}

func TestRuleStatesAreKept(t *testing.T) {
	s, c := open(t, DefaultConfig())
	at := c.now().Add(123)
	states := []alerts.RuleState{{Rule: "a", Evaluated: at, Hash: "h", Series: map[string][]byte{"x": []byte("1"), "y": {}}}, {Rule: "b"}}
	require.NoError(t, s.SaveRuleStates(t.Context(), states))
	require.NoError(t, s.SaveRuleStates(t.Context(), []alerts.RuleState{{Rule: "a", Evaluated: at.Add(time.Minute), Hash: "h2", Series: map[string][]byte{"x": nil, "z": []byte("3")}}}))
	got, err := s.LoadRuleStates(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]alerts.RuleState{
		"a": {Rule: "a", Evaluated: at.Add(time.Minute), Hash: "h2", Series: map[string][]byte{"y": {}, "z": []byte("3")}}, "b": {Rule: "b", Series: map[string][]byte{}},
	}, got)
	require.NoError(t, s.DeleteRuleState(t.Context(), "a"))
	got, err = s.LoadRuleStates(t.Context())
	require.NoError(t, err)
	require.Len(t, got, 1)
}

func TestTheJournalKeepsTheNewest(t *testing.T) {
	s, c := open(t, DefaultConfig())
	end := c.now().Add(time.Hour)
	require.NoError(t, s.SaveJournal(t.Context(), JournalNotifications, []alerts.JournalEntry{{Key: "a", Data: []byte("1"), Expires: end}, {Key: "b", Data: []byte("2")}, {Key: "c", Data: []byte("3"), Expires: c.now()}}))
	require.NoError(t, s.SaveJournal(t.Context(), JournalNotifications, []alerts.JournalEntry{{Key: "b", Data: []byte("4")}}))
	require.NoError(t, s.SaveJournal(t.Context(), JournalSilences, []alerts.JournalEntry{{Key: "a", Data: []byte("other")}}))
	got, err := s.LoadJournal(t.Context(), JournalNotifications)
	require.NoError(t, err)
	require.Equal(t, []alerts.JournalEntry{{Key: "a", Data: []byte("1"), Expires: end}, {Key: "b", Data: []byte("4")}}, got)
	require.NoError(t, s.SaveJournal(t.Context(), JournalNotifications, []alerts.JournalEntry{{Key: "b"}}))
	c.add(2 * time.Hour)
	got, err = s.LoadJournal(t.Context(), JournalNotifications)
	require.NoError(t, err)
	require.Empty(t, got)
}
