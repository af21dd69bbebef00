package resources

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const twoRules = `kind: alert-rule
name: a
spec: {severity: 1}
---
kind: alert-rule
name: b
spec: {severity: 2}
---
kind: action-group
name: g
spec: {secret: hunter2}
`

func provision(t testing.TB, s *Store, p Provisioning) ProvisionResult {
	t.Helper()
	r, err := s.Provision(t.Context(), p)
	require.NoError(t, err)
	return r
}

func TestProvisionMakesWhatASourceProvidesEqualToItsDocuments(t *testing.T) {
	s := open(t)
	a, b, g := Key{"alert-rule", "a"}, Key{"alert-rule", "b"}, Key{"action-group", "g"}
	put(t, s, rule("a", `{"severity":1}`))
	put(t, s, rule("mine", `{}`))
	p := Provisioning{Source: "files", By: "start", Documents: parse(t, twoRules)}

	dry := p
	dry.DryRun = true
	want := ProvisionResult{Created: []Key{b, g}, Updated: []Key{a}, Unchanged: []Key{}, Deleted: []Key{}}
	require.Equal(t, want, provision(t, s, dry))
	require.Equal(t, want, provision(t, s, p), "what people made is taken over, also where it is the same")
	require.Equal(t, ProvisionResult{Created: []Key{}, Updated: []Key{}, Unchanged: []Key{a, b, g}, Deleted: []Key{}}, provision(t, s, p))

	// People read it and cannot change it.
	r, err := s.Get(t.Context(), "alert-rule", "a")
	require.NoError(t, err)
	require.Equal(t, "files", r.Source)
	for _, change := range []func() error{
		func() error { _, err := s.Put(t.Context(), rule("a", `{"severity":3}`)); return err },
		func() error { return s.Delete(t.Context(), rule("a", "")) },
		func() error { _, err := s.Restore(t.Context(), 1, rule("a", "")); return err },
	} {
		var e *ReadOnlyError
		require.ErrorAs(t, change(), &e)
		require.EqualError(t, e, `alert-rule/a is provisioned by the source "files" and can be changed only there`)
	}
	_, err = s.Provision(t.Context(), Provisioning{Source: "other", Documents: parse(t, twoRules)})
	require.ErrorContains(t, err, `rules.yaml:1: alert-rule/a: is provisioned by the source "files"`)

	// Documents as they are exported, with the mark of the secret, keep it; what is missing goes.
	next := Provisioning{Source: "files", Documents: parse(t, "kind: action-group\nname: g\nspec: {secret: <secret>, text: x}\n")}
	keep := next
	keep.Keep, keep.DryRun = true, true
	require.Equal(t, ProvisionResult{Created: []Key{}, Updated: []Key{g}, Unchanged: []Key{}, Deleted: []Key{}}, provision(t, s, keep))
	require.Equal(t, ProvisionResult{Created: []Key{}, Updated: []Key{g}, Unchanged: []Key{}, Deleted: []Key{a, b}}, provision(t, s, next))
	r, err = s.Get(t.Context(), "action-group", "g")
	require.NoError(t, err)
	require.Contains(t, string(r.Spec), "hunter2")
	_, err = s.Get(t.Context(), "alert-rule", "mine")
	require.NoError(t, err, "of others nothing goes")

	sources, err := s.Sources(t.Context())
	require.NoError(t, err)
	require.Equal(t, []Source{{"files", map[string]int{"action-group": 1}}}, sources)
	freed, err := s.Release(t.Context(), "files", "anna")
	require.NoError(t, err)
	require.Equal(t, []Key{g}, freed)
	put(t, s, group("g", `{"text":"mine now"}`))
	_, err = s.Release(t.Context(), "files", "anna")
	require.ErrorIs(t, err, ErrNotFound)
}

func TestOneBadDocumentChangesNothingAndAllAreTold(t *testing.T) {
	s := open(t)
	provision(t, s, Provisioning{Source: "files", Documents: parse(t, twoRules)})
	before, err := s.Audit(t.Context(), AuditQuery{})
	require.NoError(t, err)
	_, err = s.Provision(t.Context(), Provisioning{Source: "files", Documents: parse(t, `kind: alert-rule
name: c
spec: {}
---
kind: alert-rule
name: a
spec: {severity: 9}
---
kind: dashboard
name: x
spec: {}
---
kind: alert-rule
name: c
spec: {}
---
kind: alert-rule
name: x/y
spec: {}
`)})
	require.EqualError(t, err, `rules.yaml:5: alert-rule/a: severity: must be between 0 and 4 (got 9)
rules.yaml:9: unknown kind "dashboard": must be one of action-group, alert-rule, notification-policy
rules.yaml:13: alert-rule/c: is given twice, first in rules.yaml:1
rules.yaml:17: alert-rule: name: must hold none of *#&+:<>?@%{}\/ (got "x/y")`)
	var field *fieldError
	require.ErrorAs(t, err, &field)
	var all *ProvisionError
	require.ErrorAs(t, err, &all)
	require.Equal(t, DocumentProblem{Document: 1, Kind: "alert-rule", Name: "a", Detail: "severity: must be between 0 and 4 (got 9)"}, all.Problems()[0])
	after, err := s.Audit(t.Context(), AuditQuery{})
	require.NoError(t, err)
	require.Equal(t, before, after)
	_, err = s.Get(t.Context(), "alert-rule", "b")
	require.NoError(t, err)
}

func TestProvisionHasTheLimitsOfPut(t *testing.T) {
	s := open(t)
	docs := func(from, to int) (docs []Document) {
		for i := from; i < to; i++ {
			docs = append(docs, Document{Kind: "alert-rule", Name: fmt.Sprint("r", i), Spec: json.RawMessage(`{}`)})
		}
		return docs
	}
	_, err := s.Provision(t.Context(), Provisioning{Source: "files", Documents: docs(0, 51)})
	var limit *LimitError
	require.ErrorAs(t, err, &limit)
	require.EqualError(t, err, "document 51: alert-rule/r50: alert-rule: there may be at most 50 of them (got 51)")
	provision(t, s, Provisioning{Source: "files", Documents: docs(0, 50)})
	provision(t, s, Provisioning{Source: "files", Documents: docs(10, 60)}) // what goes makes room
	for _, source := range []string{"", "a b", "../x", ".", "é"} {
		_, err := s.Provision(t.Context(), Provisioning{Source: source})
		require.ErrorContains(t, err, "source: name: must have 1 to 63 of", source)
		_, err = s.Release(t.Context(), source, "")
		require.ErrorContains(t, err, "source: name: ", source)
	}
	_, err = s.Provision(t.Context(), Provisioning{Source: "x", Documents: make([]Document, maxDocuments+1)})
	require.ErrorAs(t, err, &limit)
}

// A reader sees all of a set or none of it, whenever it looks.
func TestReadersSeeWholeSets(t *testing.T) {
	s := open(t)
	set := func(n int) []Document {
		var docs []Document
		for i := range 10 {
			docs = append(docs, Document{Kind: "alert-rule", Name: fmt.Sprint(n%3, "-", i), Spec: json.RawMessage(fmt.Sprintf(`{"text":"%d"}`, n))})
		}
		return docs
	}
	provision(t, s, Provisioning{Source: "files", Documents: set(0)})
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for ctx.Err() == nil {
				all, err := s.List(outlive(t), "alert-rule")
				if err != nil || len(all) != 10 {
					t.Errorf("%d resources, %v", len(all), err)
					return
				}
				for _, r := range all {
					if string(r.Spec) != string(all[0].Spec) {
						t.Errorf("%s beside %s", r.Spec, all[0].Spec)
						return
					}
				}
			}
		})
	}
	for n := range 30 {
		provision(t, s, Provisioning{Source: "files", Documents: set(n)})
	}
	stop()
	wg.Wait()
}

// Whoever replays the audit trail from its beginning has the state, without secrets; and each version is higher than those before.
func TestTheAuditTrailTellsEverything(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := openAt(t, t.TempDir(), DefaultConfig())
		defer func() { require.NoError(rt, s.Close()) }()
		names := rapid.SampledFrom([]string{"a", "b", "c"})
		spec := rapid.Custom(func(rt *rapid.T) json.RawMessage {
			return json.RawMessage(rapid.SampledFrom([]string{`{}`, `{"severity":1}`, `{"severity":2,"secret":"hunter2"}`, `{"secret":"other3"}`, `{"secret":"<secret>"}`, `{"severity":9}`}).Draw(rt, "spec"))
		})
		change := func() Change {
			return Change{Kind: rapid.SampledFrom([]string{"alert-rule", "action-group"}).Draw(rt, "kind"), Name: names.Draw(rt, "name"), Spec: spec.Draw(rt, "spec"), By: "p", DryRun: rapid.IntRange(0, 4).Draw(rt, "dry") == 0}
		}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			c := change()
			switch rapid.IntRange(0, 4).Draw(rt, "step") {
			case 0, 1:
				_, _ = s.Put(t.Context(), c)
			case 2:
				_ = s.Delete(t.Context(), c)
			case 3:
				_, _ = s.Restore(t.Context(), rapid.Int64Range(1, 6).Draw(rt, "version"), c)
			case 4:
				p := Provisioning{Source: rapid.SampledFrom([]string{"x", "y"}).Draw(rt, "source"), Keep: c.DryRun}
				for _, name := range rapid.SliceOfNDistinct(names, 0, 2, func(n string) string { return n }).Draw(rt, "names") {
					p.Documents = append(p.Documents, Document{Kind: c.Kind, Name: name, Spec: spec.Draw(rt, "document")})
				}
				_, _ = s.Provision(t.Context(), p)
				if c.DryRun {
					_, _ = s.Release(t.Context(), p.Source, "r")
				}
			}
		}

		type state struct {
			version        int64
			spec, by, from string
		}
		replayed, last := map[Key]state{}, map[Key]int64{}
		var trail []AuditEntry
		for before := int64(0); ; before = trail[len(trail)-1].ID {
			page, err := s.Audit(t.Context(), AuditQuery{Limit: 3, Before: before})
			require.NoError(rt, err)
			if len(page) == 0 {
				break
			}
			trail = append(trail, page...)
		}
		for i := len(trail) - 1; i >= 0; i-- {
			a := trail[i]
			require.Equal(rt, replayed[a.Key].spec, string(a.Before))
			require.Equal(rt, last[a.Key]+1, a.Version)
			last[a.Key] = a.Version
			if a.After == nil {
				require.Equal(rt, Deleted, a.Action)
				delete(replayed, a.Key)
				continue
			}
			if a.Kind == "action-group" {
				require.NotContains(rt, string(a.After), "hunter2")
				require.NotContains(rt, string(a.Before)+string(a.After), "other3")
			}
			replayed[a.Key] = state{a.Version, string(a.After), a.By, a.Source}
		}
		stored := map[Key]state{}
		for _, kind := range s.Kinds() {
			all, err := s.List(t.Context(), kind)
			require.NoError(rt, err)
			for _, r := range all {
				stored[r.Key] = state{r.Version, string(r.Redacted), r.UpdatedBy, r.Source}
			}
		}
		require.Equal(rt, stored, replayed)
	})
}
