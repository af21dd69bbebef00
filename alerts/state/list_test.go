package state

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
	"github.com/endscope/endscope/scopes"
)

// fill stores random alerts and returns them as they were read back.
func fill(t testing.TB, s *Store, c *clock, r *rand.Rand, n int) []*Record {
	t.Helper()
	base := c.now()
	for i := range n {
		at := base.Add(-time.Duration(r.IntN(40)) * time.Minute)
		a := fired(i, at)
		a.Rule, a.Severity = fmt.Sprint("rule-", r.IntN(4)), r.IntN(5)
		a.Labels["alertname"] = a.Rule
		a.Annotations = map[string]string{"summary": []string{"Slow Requests", "Disk FULL", "Ünïcode", ""}[r.IntN(4)]}
		a.Target = []scopes.Path{{}, {Endpoint: "credit"}, {Endpoint: "credit", Deployment: "blue"}, {Endpoint: "credit", Deployment: "green", Instance: "g-1"}, {Endpoint: "fraud", Deployment: "blue", Instance: "b-1"}}[r.IntN(5)]
		ch := change(a, c.now())
		ch.Groups = [][]string{nil, {"oncall"}, {"call"}, {"oncall", "team"}}[r.IntN(4)]
		ch.Suppressed, ch.Alert.Stateless = r.IntN(5) == 0, r.IntN(5) == 0
		apply(t, s, ch)
		c.add(time.Second)
		if r.IntN(2) == 0 && !ch.Alert.Stateless {
			b := a
			b.Condition, b.ResolvedAt = alerts.Resolved, c.now()
			apply(t, s, change(b, c.now()))
			c.add(time.Second)
		}
		if k := r.IntN(4); k < 3 {
			_, err := s.SetUserState(all(t), []string{a.ID}, userStates()[k], "me", "")
			require.NoError(t, err)
			c.add(time.Second)
		}
	}
	out, err := plain(s.records(t.Context(), "SELECT "+recordColumns+" FROM alerts"))
	require.NoError(t, err)
	require.Len(t, out, n)
	return out
}

// takes is Filter as plainly as can be.
func takes(f *Filter, g scopes.Grants, r *Record) bool {
	some := func(n int, holds func(i int) bool) bool {
		if n == 0 {
			return true
		}
		for i := range n {
			if holds(i) {
				return true
			}
		}
		return false
	}
	texts := []string{r.ID, r.Rule, r.Target.String(), r.Description, r.Annotations["summary"]}
	for _, v := range r.Labels {
		texts = append(texts, v)
	}
	for _, v := range r.Dimensions {
		texts = append(texts, v)
	}
	return (f.From.IsZero() || !r.FiredAt.Before(f.From)) && (f.To.IsZero() || r.FiredAt.Before(f.To)) &&
		some(len(f.Severities), func(i int) bool { return r.Severity == f.Severities[i] }) &&
		some(len(f.Conditions), func(i int) bool { return r.Condition == f.Conditions[i] }) &&
		some(len(f.UserStates), func(i int) bool { return r.UserState == f.UserStates[i] }) &&
		some(len(f.Rules), func(i int) bool { return r.Rule == f.Rules[i] }) &&
		some(len(f.Scopes), func(i int) bool { return f.Scopes[i].Covers(r.Target) }) &&
		some(len(f.Groups), func(i int) bool { return slices.Contains(r.Groups, f.Groups[i]) }) &&
		(!f.Open || r.Condition == alerts.Fired && !r.Stateless) &&
		(f.Suppressed == nil || *f.Suppressed == r.Suppressed) &&
		(f.Text == "" || slices.ContainsFunc(texts, func(s string) bool {
			return strings.Contains(strings.ToLower(s), strings.ToLower(f.Text))
		})) && g.Allows(r.Target)
}

func order(q *Query) func(a, b *Record) int {
	return func(a, b *Record) int {
		n := map[Sort]int{
			SortFired: a.FiredAt.Compare(b.FiredAt), SortChanged: a.ChangedAt.Compare(b.ChangedAt), SortSeverity: cmp.Compare(a.Severity, b.Severity), SortRule: cmp.Compare(a.Rule, b.Rule),
		}[q.Sort]
		if !q.Ascending {
			n = -n
		}
		return cmp.Or(n, cmp.Compare(b.Seq, a.Seq))
	}
}

func randomQuery(r *rand.Rand, base time.Time) Query {
	q := Query{Sort: []Sort{SortFired, SortChanged, SortSeverity, SortRule}[r.IntN(4)], Ascending: r.IntN(2) == 0, Limit: 1 + r.IntN(40)}
	maybe := func(set func()) {
		if r.IntN(5) == 0 {
			set()
		}
	}
	maybe(func() { q.From = base.Add(-time.Duration(r.IntN(40)) * time.Minute) })
	maybe(func() { q.To = q.From.Add(time.Duration(r.IntN(20)) * time.Minute) })
	if q.From.IsZero() && !q.To.IsZero() {
		q.To = base.Add(-time.Duration(r.IntN(40)) * time.Minute)
	}
	maybe(func() { q.Severities = []int{r.IntN(5), r.IntN(5)} })
	maybe(func() {
		q.Conditions = []alerts.Condition{[]alerts.Condition{alerts.Fired, alerts.Resolved}[r.IntN(2)]}
	})
	maybe(func() { q.UserStates = []alerts.UserState{userStates()[r.IntN(3)]} })
	maybe(func() { q.Rules = []string{fmt.Sprint("rule-", r.IntN(5))} })
	maybe(func() {
		for range 1 + r.IntN(2) {
			q.Scopes = append(q.Scopes, []scopes.Pattern{{Endpoint: "credit"}, {Endpoint: "*", Deployment: "blue"}, {Endpoint: "credit", Deployment: "*", Instance: "*"}, {Endpoint: "none"}, {}}[r.IntN(5)])
		}
	})
	maybe(func() { q.Groups = []string{[]string{"call", "oncall", "team", "%", ""}[r.IntN(5)]} })
	maybe(func() { b := r.IntN(2) == 0; q.Suppressed = &b })
	maybe(func() { q.Open = true })
	maybe(func() {
		q.Text = []string{"slow", "FULL", "ünï", "%", "credit/blue", "id-1", "'", "RULE-2"}[r.IntN(8)]
	})
	return q
}

func TestListsAreWhatAPlainFilterGives(t *testing.T) {
	s, c := open(t, DefaultConfig())
	r := rand.New(rand.NewPCG(1, 2))
	base := c.now()
	records := fill(t, s, c, r, 100)
	found := 0
	for range 250 {
		q := randomQuery(r, base)
		g := scopes.AllAccess()
		switch r.IntN(6) {
		case 0:
			g = scopes.GrantScopes(scopes.Pattern{Endpoint: "credit", Deployment: "blue"}, scopes.Pattern{Endpoint: "*", Deployment: "*", Instance: "*"})
		case 1:
			g = scopes.GrantScopes()
		}
		ctx := scopes.WithGrants(t.Context(), g)
		var want []*Record
		for _, one := range records {
			if takes(&q.Filter, g, one) {
				want = append(want, one)
			}
		}
		slices.SortFunc(want, order(&q))
		var got []*Record
		for page, first := (*Page)(nil), q; page == nil || page.Next != ""; {
			if page != nil {
				first.Cursor = page.Next
			}
			var err error
			page, err = s.List(ctx, first)
			require.NoError(t, err)
			require.LessOrEqual(t, len(page.Alerts), q.Limit)
			require.True(t, page.Next == "" || len(page.Alerts) == q.Limit)
			got = append(got, page.Alerts...)
		}
		require.Equal(t, idsOf(want), idsOf(got), "%+v", q)
		found += len(got)

		sum, err := s.Summary(ctx, q.Filter)
		require.NoError(t, err)
		require.Equal(t, len(want), sum.Total)
		count := map[string]int{}
		for _, one := range want {
			count["severity"+fmt.Sprint(one.Severity)]++
			count["condition"+string(one.Condition)]++
			count["state"+string(one.UserState)]++
			count["rule"+one.Rule]++
			if one.Target.Endpoint != "" {
				count["scope"+one.Target.String()]++
			}
			if one.Suppressed {
				count["suppressed"]++
			}
		}
		for v, n := range sum.BySeverity {
			require.Equal(t, count["severity"+fmt.Sprint(v)], n)
		}
		for v, n := range sum.ByCondition {
			require.Equal(t, count["condition"+string(v)], n)
		}
		for v, n := range sum.ByUserState {
			require.Equal(t, count["state"+string(v)], n)
		}
		for _, v := range sum.ByRule {
			require.Equal(t, count["rule"+v.Name], v.N)
		}
		for _, v := range sum.ByScope {
			require.Equal(t, count["scope"+v.Name], v.N)
		}
		require.Equal(t, count["suppressed"], sum.Suppressed)
	}
	require.Greater(t, found, 1000, "the filters let something through")
}

func idsOf(in []*Record) []string {
	out := []string{}
	for _, r := range in {
		out = append(out, r.ID)
	}
	return out
}

// withHistory returns a store with 30 open alerts and many of a stateless rule, which never resolve.
func withHistory(t testing.TB, stateless int) *Store {
	t.Helper()
	s, c := open(t, DefaultConfig())
	for i := range 30 {
		apply(t, s, change(fired(i, c.now()), c.now()))
	}
	a := fired(30, c.now())
	a.Stateless = true
	apply(t, s, change(a, c.now()))
	require.NoError(t, s.writer.do(t.Context(), func(t *tx) error {
		return t.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
			INSERT INTO alerts(id, rule, kind, severity, stateless, series, endpoint, deployment, instance, condition, fired_at, changed_at, action_groups, suppressed, posted, search, body)
			SELECT 'copy-' || i, rule, kind, severity, stateless, series, endpoint, deployment, instance, condition, fired_at + i, changed_at, action_groups, suppressed, posted, search, body
			FROM alerts, n WHERE id = 'id-30'`, stateless)
	}))
	return s
}

// BenchmarkListOpen lists the open alerts beside 100,000 of a stateless rule.
func BenchmarkListOpen(b *testing.B) {
	s := withHistory(b, 100_000)
	ctx := scopes.WithGrants(context.WithoutCancel(b.Context()), scopes.AllAccess())
	for b.Loop() {
		p, err := s.List(ctx, Query{Filter: Filter{Open: true}, Limit: MaxPage})
		require.NoError(b, err)
		require.Len(b, p.Alerts, 30)
	}
}

func TestTheOpenAlertsAreFoundWithoutTheHistory(t *testing.T) {
	s := withHistory(t, 2000)
	plan := func(query string, args []any) (out string) {
		rows, err := s.db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
		require.NoError(t, err)
		defer func() { require.NoError(t, rows.Close()) }()
		for rows.Next() {
			var id, parent, unused int
			var detail string
			require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
			out += detail + "\n"
		}
		require.NoError(t, rows.Err())
		return out
	}
	some := scopes.WithGrants(t.Context(), scopes.GrantScopes(scopes.Pattern{Endpoint: "credit"}))
	for _, ctx := range []context.Context{all(t), some} {
		q := Query{Filter: Filter{Open: true}, Sort: SortFired, Limit: 20}
		first, err := s.List(ctx, q)
		require.NoError(t, err)
		require.Len(t, first.Alerts, 20)
		grants, err := scopes.GrantsFrom(ctx)
		require.NoError(t, err)
		for _, cursor := range []string{"", first.Next} {
			q.Cursor = cursor
			query, args, err := q.statement("fired_at", grants)
			require.NoError(t, err)
			read := plan(query, args)
			require.Contains(t, read, "USING INDEX alerts_open")
			require.NotContains(t, read, "B-TREE", "it is in order already")
		}
		second, err := s.List(ctx, q)
		require.NoError(t, err)
		require.Len(t, second.Alerts, 10)
		require.Empty(t, second.Next)
	}
	stats, err := s.Stats()
	require.NoError(t, err, "the index is there that it names")
	require.Equal(t, map[int]int{0: 6, 1: 6, 2: 6, 3: 6, 4: 6}, stats.Active)
}

func TestAListRefusesWhatItMustNotBeAsked(t *testing.T) {
	s, c := open(t, DefaultConfig())
	apply(t, s, change(fired(1, c.now()), c.now()), change(fired(2, c.now()), c.now()))
	page, err := s.List(all(t), Query{Limit: 1})
	require.NoError(t, err)
	for field, q := range map[string]Query{
		"sort": {Sort: "name; DROP TABLE alerts"}, "limit": {Limit: 1001}, "severity": {Filter: Filter{Severities: []int{5}}}, "condition": {Filter: Filter{Conditions: []alerts.Condition{"x"}}},
		"state": {Filter: Filter{UserStates: []alerts.UserState{"x"}}}, "text": {Filter: Filter{Text: strings.Repeat("x", 257)}}, "rule": {Filter: Filter{Rules: make([]string, 101)}},
		"to": {Filter: Filter{From: c.now(), To: c.now().Add(-1)}}, "cursor": {Cursor: "x"},
	} {
		_, err := s.List(all(t), q)
		var bad *alerts.FieldError
		require.ErrorAs(t, err, &bad, field)
		require.Equal(t, field, bad.Field)
	}
	_, err = s.List(all(t), Query{Limit: 1, Cursor: page.Next, Ascending: true})
	require.ErrorContains(t, err, "must come with the filters")
	_, err = s.List(t.Context(), Query{})
	require.ErrorIs(t, err, scopes.ErrNoGrants)
	_, err = s.Summary(t.Context(), Filter{})
	require.ErrorIs(t, err, scopes.ErrNoGrants)
}

func FuzzCursor(f *testing.F) {
	f.Add("eyJxIjoxfQ")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCursor(Query{Cursor: text, Sort: SortFired})
		if (c == nil) == (err == nil) {
			t.Fatal("neither a cursor nor an error")
		}
	})
}

// BenchmarkList lists pages of 100,000 alerts.
func BenchmarkList(b *testing.B) {
	s, c := open(b, DefaultConfig())
	base := c.now()
	for i := 0; i < 100_000; i += 1000 {
		changes := make([]Change, 1000)
		for j := range changes {
			a := fired(i+j, base.Add(-time.Duration(i+j)*20*time.Second))
			a.Rule, a.Severity = fmt.Sprint("rule-", (i+j)%300), (i+j)%5
			a.Target.Endpoint, a.Target.Instance = fmt.Sprint("endpoint-", (i+j)%50), fmt.Sprint("i-", (i+j)%20)
			changes[j] = change(a, base)
			if i+j < 200 {
				changes[j].Groups = []string{"rare"}
			}
		}
		apply(b, s, changes...)
	}
	ctx := scopes.WithGrants(context.WithoutCancel(b.Context()), scopes.AllAccess())
	for _, one := range []struct {
		name string
		q    Query
	}{
		{"first", Query{}},
		{"severity", Query{Filter: Filter{Severities: []int{0}}, Sort: SortSeverity}},
		{"rule", Query{Filter: Filter{Rules: []string{"rule-7"}}}},
		{"scope", Query{Filter: Filter{Scopes: []scopes.Pattern{{Endpoint: "endpoint-7"}}}}},
		{"changed", Query{Sort: SortChanged}},
		{"rare-group", Query{Filter: Filter{Groups: []string{"none"}}}},
		{"resolved", Query{Filter: Filter{Conditions: []alerts.Condition{alerts.Resolved}}}},
		{"rare-text", Query{Filter: Filter{Text: "no such text"}}},
	} {
		b.Run(one.name, func(b *testing.B) {
			for b.Loop() {
				_, err := s.List(ctx, one.q)
				require.NoError(b, err)
			}
		})
	}
	b.Run("summary", func(b *testing.B) {
		for b.Loop() {
			_, err := s.Summary(ctx, Filter{})
			require.NoError(b, err)
		}
	})
	b.Run("stats", func(b *testing.B) {
		for b.Loop() {
			_, err := s.Stats()
			require.NoError(b, err)
		}
	})
}
