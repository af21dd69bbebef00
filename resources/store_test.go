package resources

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/internal/config"
)

func TestPutGetListDelete(t *testing.T) {
	s := open(t)
	_, err := s.Get(t.Context(), "alert-rule", "a")
	require.ErrorIs(t, err, ErrNotFound)
	require.EqualError(t, err, "alert-rule/a: not found")

	r := put(t, s, rule("b", `{"severity": 3}`))
	require.True(t, r.Created)
	require.EqualValues(t, 1, r.Resource.Version)
	require.Equal(t, `{"severity":3}`, string(r.Resource.Spec), "as the kind writes it")
	got, err := s.Get(t.Context(), "alert-rule", "b")
	require.NoError(t, err)
	require.Equal(t, r.Resource, got)

	same := put(t, s, rule("b", `{"severity":3}`))
	require.True(t, same.Unchanged)
	require.Equal(t, r.Resource, same.Resource, "neither version nor time change")

	again := put(t, s, Change{Kind: "alert-rule", Name: "b", Spec: json.RawMessage(`{"severity":1}`), By: "bert"})
	require.False(t, again.Created)
	require.EqualValues(t, 2, again.Resource.Version)
	require.NotEqual(t, r.Resource.ETag, again.Resource.ETag)
	require.Equal(t, r.Resource.CreatedAt, again.Resource.CreatedAt)
	require.Equal(t, "bert", again.Resource.UpdatedBy)

	put(t, s, rule("a", `{}`))
	put(t, s, group("c", `{}`))
	all, err := s.List(t.Context(), "alert-rule")
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "a", all[0].Name)
	require.Equal(t, again.Resource, all[1])

	require.NoError(t, s.Delete(t.Context(), rule("b", "")))
	require.ErrorIs(t, s.Delete(t.Context(), rule("b", "")), ErrNotFound)
	require.EqualValues(t, 4, put(t, s, rule("b", `{"severity":3}`)).Resource.Version, "the deletion was a version, too")
}

func TestADryRunChecksAndChangesNothing(t *testing.T) {
	s := open(t)
	c := rule("a", `{"severity":3}`)
	c.DryRun = true
	r := put(t, s, c)
	require.True(t, r.Created)
	_, err := s.Get(t.Context(), "alert-rule", "a")
	require.ErrorIs(t, err, ErrNotFound)
	put(t, s, rule("a", `{}`))
	require.NoError(t, s.Delete(t.Context(), c))
	_, err = s.Get(t.Context(), "alert-rule", "a")
	require.NoError(t, err)
	c.Spec = json.RawMessage(`{"severity":9}`)
	_, err = s.Put(t.Context(), c)
	require.ErrorContains(t, err, "between 0 and 4")
}

func TestConditions(t *testing.T) {
	s := open(t)
	conflict := func(c Change, text string) {
		t.Helper()
		_, err := s.Put(t.Context(), c)
		var e *ConflictError
		require.ErrorAs(t, err, &e)
		require.ErrorContains(t, err, text)
	}
	with := func(c Change, match, none string) Change { c.IfMatch, c.IfNoneMatch = match, none; return c }
	a := rule("a", `{}`)
	conflict(with(a, "*", ""), `alert-rule/a does not exist (any more)`)
	r := put(t, s, with(a, "", "*")).Resource
	conflict(with(a, "", "*"), "exists already, with the entity tag "+r.ETag)
	conflict(with(a, `"1-0000000000000000"`, ""), "its entity tag is "+r.ETag)
	conflict(with(a, "W/"+r.ETag, ""), "has changed")
	b := rule("a", `{"severity":1}`)
	put(t, s, with(b, `"x", `+r.ETag, ""))
	conflict(with(a, r.ETag, ""), "has changed")
	put(t, s, with(a, "*", ""))

	err := s.Delete(t.Context(), with(a, r.ETag, ""))
	var e *ConflictError
	require.ErrorAs(t, err, &e, "the same content again is another state")
	require.NoError(t, s.Delete(t.Context(), with(a, e.Current, "")))
	err = s.Delete(t.Context(), with(a, e.Current, ""))
	require.ErrorAs(t, err, &e)
	require.Empty(t, e.Current)
}

func TestOfConcurrentWritersWithOneTagExactlyOneWins(t *testing.T) {
	s := open(t)
	tag := put(t, s, rule("a", `{}`)).Resource.ETag
	for round := range 5 {
		const writers = 16
		var won, lost atomic.Int32
		var next atomic.Value
		var wg sync.WaitGroup
		for i := range writers {
			wg.Go(func() {
				c := rule("a", fmt.Sprintf(`{"text":"%d.%d"}`, round, i))
				c.IfMatch = tag
				r, err := s.Put(t.Context(), c)
				var conflict *ConflictError
				switch {
				case err == nil:
					won.Add(1)
					next.Store(r.Resource.ETag)
				case errors.As(err, &conflict):
					lost.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, won.Load())
		require.EqualValues(t, writers-1, lost.Load())
		tag = next.Load().(string)
	}
}

func TestNamesAndKinds(t *testing.T) {
	s := open(t)
	for _, name := range []string{"", "a/b", "a%b", `a\b`, "a.", "a ", " a", "..", "a\nb", "a\x00", "\xff", strings.Repeat("x", 253), "a\u202eb"} {
		_, err := s.Put(t.Context(), rule(name, `{}`))
		var e *NameError
		require.ErrorAs(t, err, &e, "%q", name)
		require.ErrorContains(t, err, "alert-rule: name: ")
	}
	for _, name := range []string{"a", "High latency (P99)", "überlast", strings.Repeat("é", 252), "a;b", "1"} {
		put(t, s, rule(name, `{}`))
	}
	_, err := s.Put(t.Context(), Change{Kind: "dashboard", Name: "a"})
	require.ErrorIs(t, err, ErrUnknownKind)
	require.EqualError(t, err, `unknown kind "dashboard": must be one of action-group, alert-rule, notification-policy`)

	policy := Change{Kind: "notification-policy", Spec: json.RawMessage(`{}`)}
	require.Equal(t, "default", put(t, s, policy).Resource.Name)
	policy.Name = "default"
	require.True(t, put(t, s, policy).Unchanged)
	policy.Name = "other"
	_, err = s.Put(t.Context(), policy)
	require.ErrorContains(t, err, "must be default or not given, because there is only one notification-policy (got \"other\")")
}

func TestLimits(t *testing.T) {
	s := open(t)
	_, err := s.Put(t.Context(), rule("a", `{"text":"`+strings.Repeat("x", 64<<10)+`"}`))
	var limit *LimitError
	require.ErrorAs(t, err, &limit)
	require.EqualError(t, err, "alert-rule: its spec may have at most 65536 bytes (got 65547)")
	for i := range 50 {
		put(t, s, rule(fmt.Sprint("r", i), `{}`))
	}
	_, err = s.Put(t.Context(), rule("a", `{}`))
	require.ErrorAs(t, err, &limit)
	require.EqualError(t, err, "alert-rule: there may be at most 50 of them (got 51)")
	put(t, s, rule("r0", `{"severity":1}`)) // a change is no further one
	put(t, s, group("a", `{}`))
	require.NoError(t, s.Delete(t.Context(), rule("r1", "")))
	put(t, s, rule("a", `{}`))
}

func TestWhatIsNoSpecIsRefusedWithKindAndName(t *testing.T) {
	s := open(t)
	for spec, want := range map[string]string{
		``: "it ends too early", `[]`: "must be a JSON object", `{"severity":1}{}`: "nothing after it", `{"severity":1,"severity":2}`: "severity: is given twice",
		`{"a":` + strings.Repeat("[", 100): "is nested deeper than 64 levels", "{\"text\":\"\xff\"}": "must be UTF-8", `{"severity":5}`: "severity: must be between 0 and 4 (got 5)",
		`{"other":1}`: "unknown field",
	} {
		_, err := s.Put(t.Context(), rule("a", spec))
		var e *SpecError
		require.ErrorAs(t, err, &e, "%s", spec)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "alert-rule/a: ")
	}
	_, err := s.Put(t.Context(), rule("a", `{"severity":5}`))
	var field *fieldError
	require.ErrorAs(t, err, &field, "what the kind said is reached")
}

func TestSecretsAreKeptAndNeverShown(t *testing.T) {
	s := open(t)
	r := put(t, s, group("a", `{"secret":"hunter2"}`)).Resource
	require.Contains(t, string(r.Spec), "hunter2")
	require.JSONEq(t, `{"secret":"<secret>"}`, string(r.Redacted))

	r = put(t, s, group("a", `{"secret":"<secret>","text":"t"}`)).Resource
	require.Contains(t, string(r.Spec), "hunter2", "a client sends back what it was shown")
	put(t, s, group("a", `{"secret":"other3","text":"t"}`))
	require.NoError(t, s.Delete(t.Context(), group("a", "")))
	_, err := s.Put(t.Context(), group("a", `{"secret":"<secret>"}`))
	require.ErrorContains(t, err, "there is none to keep")
	put(t, s, Change{Kind: "action-group", Name: "a", Spec: json.RawMessage(`{"secret":"fourth"}`)})

	trail, err := s.Audit(t.Context(), AuditQuery{})
	require.NoError(t, err)
	require.Len(t, trail, 5)
	require.True(t, trail[2].SecretsChanged)
	require.Equal(t, trail[2].Before, trail[2].After)
	require.False(t, trail[0].SecretsChanged)
	versions, err := s.Versions(t.Context(), "action-group", "a")
	require.NoError(t, err)
	for _, shown := range []any{trail, versions, r} {
		text, err := json.Marshal(shown)
		require.NoError(t, err)
		for _, secret := range []string{"hunter2", "other3", "fourth"} {
			require.NotContains(t, string(text), secret)
		}
	}
	info, err := os.Stat(s.path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	for _, side := range []string{"-wal", "-shm"} {
		info, err := os.Stat(s.path + side)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), side)
	}
}

// Two stores with the same resource have other tags, so that a secret cannot be guessed by its tag.
func TestTagsTellNothingOfSecrets(t *testing.T) {
	a := put(t, open(t), group("a", `{"secret":"1234"}`)).Resource.ETag
	b := put(t, open(t), group("a", `{"secret":"1234"}`)).Resource.ETag
	require.NotEqual(t, a, b)
	require.Regexp(t, `^"1-[0-9a-f]{16}"$`, a)
}

func TestVersionsAndRestore(t *testing.T) {
	cfg := DefaultConfig()
	cfg.KeepVersions = 3
	s := openAt(t, t.TempDir(), cfg)
	for i := range 6 {
		put(t, s, group("a", fmt.Sprintf(`{"severity":%d,"secret":"s%d"}`, i%5, i)))
	}
	numbers := func() (all []int64) {
		versions, err := s.Versions(t.Context(), "action-group", "a")
		require.NoError(t, err)
		for _, v := range versions {
			all = append(all, v.Version)
		}
		return all
	}
	require.Equal(t, []int64{6, 5, 4, 3}, numbers(), "the current one and three old ones")
	_, err := s.Restore(t.Context(), 2, group("a", ""))
	require.ErrorIs(t, err, ErrNotFound)
	require.EqualError(t, err, "version 2 of action-group/a: not found")

	r, err := s.Restore(t.Context(), 4, group("a", ""))
	require.NoError(t, err)
	require.JSONEq(t, `{"severity":3,"secret":"s3"}`, string(r.Resource.Spec), "with the secret that it had")
	require.EqualValues(t, 7, r.Resource.Version)
	require.NoError(t, s.Delete(t.Context(), group("a", "")))
	_, err = s.Restore(t.Context(), 8, group("a", ""))
	require.ErrorIs(t, err, ErrNotFound, "the deletion is no spec")
	r, err = s.Restore(t.Context(), 7, group("a", ""))
	require.NoError(t, err)
	require.True(t, r.Created)
	require.EqualValues(t, 9, r.Resource.Version)
	trail, err := s.Audit(t.Context(), AuditQuery{Kind: "action-group", Name: "a", Limit: 1})
	require.NoError(t, err)
	require.Equal(t, Restored, trail[0].Action)
	require.EqualValues(t, 7, trail[0].RestoredVersion)
	_, err = s.Versions(t.Context(), "action-group", "b")
	require.ErrorIs(t, err, ErrNotFound)
}

func TestOldEntriesAreRemoved(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	s, err := Open(t.Context(), DefaultConfig(), Settings{DataDir: t.TempDir(), Kinds: kinds(), Now: func() time.Time { return now }})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	put(t, s, rule("gone", `{}`))
	put(t, s, rule("stays", `{}`))
	require.NoError(t, s.Delete(t.Context(), rule("gone", "")))
	now = now.Add(DefaultConfig().AuditRetention + time.Hour)
	put(t, s, rule("new", `{}`))
	trail, err := s.Audit(t.Context(), AuditQuery{})
	require.NoError(t, err)
	require.Len(t, trail, 1)
	_, err = s.Versions(t.Context(), "alert-rule", "gone")
	require.ErrorIs(t, err, ErrNotFound)
	_, err = s.Versions(t.Context(), "alert-rule", "stays")
	require.NoError(t, err)
	require.EqualValues(t, 3, put(t, s, rule("gone", `{}`)).Resource.Version, "versions rise for ever")
}

func TestEverythingSurvivesReopening(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, DefaultConfig())
	put(t, s, group("a", `{"secret":"x"}`))
	want, err := s.Get(t.Context(), "action-group", "a")
	require.NoError(t, err)

	// A copy of the files of a store that is open, as a power cut would leave them.
	copied := t.TempDir()
	for _, side := range []string{"", "-wal"} {
		text, err := os.ReadFile(s.path + side)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(copied, FileName+side), text, 0o600))
	}
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	_, err = s.Put(t.Context(), group("b", `{}`))
	require.Error(t, err)

	for _, d := range []string{dir, copied} {
		again := openAt(t, d, DefaultConfig())
		got, err := again.Get(t.Context(), "action-group", "a")
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestADamagedFileSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	refused := func() {
		t.Helper()
		_, err := Open(t.Context(), DefaultConfig(), Settings{DataDir: dir, Kinds: kinds()})
		var e *DamagedError
		require.ErrorAs(t, err, &e)
		require.ErrorContains(t, err, path+" is damaged (")
		require.ErrorContains(t, err, "move it away together with "+path+"-wal")
	}
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("no database ", 100)), 0o600))
	refused()
	require.NoError(t, os.Remove(path))

	s := openAt(t, dir, DefaultConfig())
	for i := range 40 {
		put(t, s, group(fmt.Sprint(i), `{"text":"`+strings.Repeat("x", 1000)+`"}`))
	}
	require.NoError(t, s.Close())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := 8192; i < len(text); i++ {
		text[i] = 0x55
	}
	require.NoError(t, os.WriteFile(path, text, 0o600))
	refused()
}

func TestSubscribersAreToldAfterEachChange(t *testing.T) {
	s := open(t)
	var rules, all int
	var seen int64
	cancel := s.Subscribe("alert-rule", func() {
		rules++
		list, err := s.List(outlive(t), "alert-rule")
		require.NoError(t, err)
		seen = list[0].Version
	})
	s.Subscribe("", func() { all++ })
	require.Equal(t, put(t, s, rule("a", `{}`)).Resource.Version, seen, "the change is there when they are told")
	put(t, s, rule("a", `{}`)) // unchanged
	put(t, s, group("a", `{}`))
	dry := rule("a", `{"severity":1}`)
	dry.DryRun = true
	put(t, s, dry)
	require.Equal(t, []int{1, 2}, []int{rules, all})
	_, err := s.Provision(t.Context(), Provisioning{Source: "files", Documents: parse(t, "kind: alert-rule\nname: x\nspec: {}\n---\nkind: alert-rule\nname: y\nspec: {}\n")})
	require.NoError(t, err)
	require.Equal(t, []int{2, 3}, []int{rules, all}, "once for what comes together")
	cancel()
	put(t, s, rule("a", `{"severity":2}`))
	require.Equal(t, []int{2, 4}, []int{rules, all})
}

func TestAWaitForAnotherWriterEndsWithItsContext(t *testing.T) {
	s := open(t)
	<-s.writing
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Put(ctx, rule("a", `{}`))
	require.ErrorIs(t, err, context.Canceled)
	s.writing <- struct{}{}
	put(t, s, rule("a", `{}`))
}

// A kind that panics does not leave the store locked: the HTTP server recovers.
func TestAPanicOfAKindLeavesTheStoreUsable(t *testing.T) {
	bad := Kind{Name: "bad", Validate: func(string, json.RawMessage) (json.RawMessage, error) { panic("no") }}
	s, err := Open(t.Context(), DefaultConfig(), Settings{DataDir: t.TempDir(), Kinds: append(kinds(), bad)})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	require.Panics(t, func() { _, _ = s.Put(t.Context(), Change{Kind: "bad", Name: "a", Spec: json.RawMessage(`{}`)}) })
	put(t, s, rule("a", `{}`))
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	s, err := Open(t.Context(), DefaultConfig(), Settings{DataDir: t.TempDir(), Kinds: kinds()[:1], Registerer: reg})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	put(t, s, rule("a", `{}`))
	put(t, s, rule("a", `{"severity":1}`))
	for _, c := range []Change{rule("a", `{"severity":7}`), rule("b/c", `{}`), {Kind: "alert-rule", Name: "a", Spec: json.RawMessage(`{}`), IfNoneMatch: "*"}} {
		_, err := s.Put(t.Context(), c)
		require.Error(t, err)
	}
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP resources_changes_total Changes of what operators created, by kind and action.
# TYPE resources_changes_total counter
resources_changes_total{action="created",kind="alert-rule"} 1
resources_changes_total{action="deleted",kind="alert-rule"} 0
resources_changes_total{action="provisioned",kind="alert-rule"} 0
resources_changes_total{action="released",kind="alert-rule"} 0
resources_changes_total{action="restored",kind="alert-rule"} 0
resources_changes_total{action="updated",kind="alert-rule"} 1
# HELP resources_refused_changes_total Changes that were refused, by kind and reason.
# TYPE resources_refused_changes_total counter
resources_refused_changes_total{kind="alert-rule",reason="conflict"} 1
resources_refused_changes_total{kind="alert-rule",reason="error"} 0
resources_refused_changes_total{kind="alert-rule",reason="in_use"} 0
resources_refused_changes_total{kind="alert-rule",reason="invalid"} 2
resources_refused_changes_total{kind="alert-rule",reason="limit"} 0
resources_refused_changes_total{kind="alert-rule",reason="read_only"} 0
# HELP resources_stored Resources that are stored, by kind.
# TYPE resources_stored gauge
resources_stored{kind="alert-rule"} 1
`)))
	problems, err := testutil.GatherAndLint(reg)
	require.NoError(t, err)
	require.Equal(t, []promlint.Problem(nil), problems)
}

func TestConfig(t *testing.T) {
	require.NoError(t, DefaultConfig().Validate())
	err := Config{ProvisioningFiles: []string{"[", "a.yaml"}, MaxSpec: 1, AuditRetention: time.Hour}.Validate()
	var keys []string
	for _, f := range config.Fields(err) {
		keys = append(keys, f.Key)
	}
	require.Equal(t, []string{"files", "max_spec", "keep_versions", "audit_retention"}, keys)
	_, err = Open(t.Context(), Config{}, Settings{DataDir: t.TempDir()})
	require.ErrorContains(t, err, "max_spec: must be between 1KiB and 1MiB (got 0)")
	_, err = Open(t.Context(), DefaultConfig(), Settings{DataDir: t.TempDir(), Kinds: append(kinds(), kinds()[0])})
	require.ErrorContains(t, err, `kind "alert-rule"`)
}
