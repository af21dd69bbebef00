package resource

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/endscope/endscope/cmd/internal/cli"
	"github.com/endscope/endscope/resources"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("os/signal.loop"))
}

// validate takes specs with a severity from 0 to 4 and a secret.
func validate(_ string, spec json.RawMessage) (json.RawMessage, error) {
	var v struct {
		Severity int    `json:"severity"`
		Secret   string `json:"secret,omitempty"`
	}
	if err := json.Unmarshal(spec, &v); err != nil {
		return nil, err
	}
	if v.Severity < 0 || v.Severity > 4 {
		return nil, fmt.Errorf("severity: must be between 0 and 4 (got %d)", v.Severity)
	}
	return json.Marshal(v)
}

func redact(spec json.RawMessage) json.RawMessage {
	var v map[string]any
	if json.Unmarshal(spec, &v) == nil && v["secret"] != nil {
		v["secret"] = "<secret>"
	}
	out, _ := json.Marshal(v)
	return out
}

// server is the provisioning API over a real store, as docs/alerts/provisioning.md describes it.
type server struct {
	t     *testing.T
	store *resources.Store
	url   string
}

func newServer(t *testing.T) *server {
	s := &server{t: t}
	var all []resources.Kind
	for _, name := range kinds() {
		all = append(all, resources.Kind{Name: name, Validate: validate, Redact: redact, Singleton: name == "notification-policy"})
	}
	var err error
	s.store, err = resources.Open(t.Context(), resources.DefaultConfig(), resources.Settings{DataDir: t.TempDir(), Kinds: all})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.store.Close()) })
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/provisioning/{source}", s.handle(s.provision))
	mux.HandleFunc("POST /api/v1/provisioning/{source}/release", s.handle(s.release))
	mux.HandleFunc("GET /api/v1/export", s.handle(s.export))
	h := httptest.NewServer(mux)
	t.Cleanup(h.Close)
	s.url = h.URL
	return s
}

func (s *server) handle(f func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := f(w, r)
		if err == nil {
			return
		}
		status, problem := http.StatusInternalServerError, map[string]any{"title": "Internal error"}
		var documents *resources.ProvisionError
		var name *resources.NameError
		switch {
		case errors.As(err, &documents):
			status, problem = http.StatusUnprocessableEntity, map[string]any{"title": "Bad documents", "detail": err.Error(), "errors": documents.Problems()}
		case errors.As(err, &name):
			status, problem = http.StatusBadRequest, map[string]any{"title": "Bad parameter", "detail": err.Error()}
		case errors.Is(err, resources.ErrNotFound):
			status, problem = http.StatusNotFound, map[string]any{"title": "Not found", "detail": err.Error()}
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(problem)
	}
}

func (s *server) provision(w http.ResponseWriter, r *http.Request) error {
	docs, err := resources.ParseDocuments(r.Body, "")
	if err != nil {
		return err
	}
	q := r.URL.Query()
	result, err := s.store.Provision(r.Context(), resources.Provisioning{Source: r.PathValue("source"), Documents: docs, DryRun: q.Get("dryRun") == "true", Keep: q.Get("prune") != "true"})
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(result)
}

func (s *server) release(w http.ResponseWriter, r *http.Request) error {
	keys, err := s.store.Release(r.Context(), r.PathValue("source"), "")
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(map[string]any{"released": keys})
}

func (s *server) export(w http.ResponseWriter, r *http.Request) error {
	var docs []resources.Document
	for _, kind := range kinds() {
		if asked := r.URL.Query()["kind"]; len(asked) > 0 && !slices.Contains(asked, kind) {
			continue
		}
		all, err := s.store.List(r.Context(), kind)
		if err != nil {
			return err
		}
		for _, res := range all {
			docs = append(docs, resources.Document{Kind: res.Kind, Name: res.Name, Spec: res.Redacted})
		}
	}
	switch r.URL.Query().Get("format") {
	case "yaml":
		return resources.WriteDocuments(w, docs)
	case "json":
		return json.NewEncoder(w).Encode(docs)
	}
	return &resources.NameError{Name: r.URL.Query().Get("format"), Rule: "is no format of this test"}
}

// run runs a command line against the server.
func (s *server) run(stdin string, args ...string) (code int, stdout, stderr string) {
	s.t.Helper()
	var out, errOut bytes.Buffer
	env := cli.Env{Stdout: &out, Stderr: &errOut}
	root := env.NewRoot("endscope", "", "")
	root.AddCommand(New(env)...)
	root.SetIn(strings.NewReader(stdin))
	code = env.Execute(root, append(args, "--server", s.url))
	return code, out.String(), errOut.String()
}

const documents = `kind: alert-rule
name: high-latency
spec:
  severity: 2
---
kind: action-group
name: oncall
spec:
  secret: hunter2
  severity: 0
`

func write(t *testing.T, dir, name, text string) string {
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestApply(t *testing.T) {
	s, dir := newServer(t), t.TempDir()
	file := write(t, dir, "a.yaml", documents)
	expect := func(code int, stdout, stderr string, args ...string) {
		t.Helper()
		c, out, errOut := s.run("", append([]string{"apply"}, args...)...)
		require.Equal(t, []any{code, stdout, stderr}, []any{c, out, errOut})
	}
	expect(0, "alert-rule/high-latency created (dry run)\naction-group/oncall created (dry run)\n", "2 created (dry run)\n", "-f", dir, "--dry-run")
	expect(0, "alert-rule/high-latency created\naction-group/oncall created\n", "2 created\n", "-f", dir)
	expect(0, "alert-rule/high-latency unchanged\naction-group/oncall unchanged\n", "2 unchanged\n", "-f", file)

	write(t, dir, "a.yaml", strings.Replace(documents, "severity: 2", "severity: 1", 1))
	write(t, dir, "b.yaml", "kind: notification-policy\nspec: {}\n")
	expect(0, "notification-policy/default created\nalert-rule/high-latency updated\naction-group/oncall unchanged\n", "1 created, 1 updated, 1 unchanged\n", "-f", file, "-f", dir)

	// Without --prune what is missing stays.
	other := write(t, t.TempDir(), "c.yaml", "kind: alert-rule\nname: high-latency\nspec: {severity: 1}\n")
	expect(0, "alert-rule/high-latency unchanged\n", "1 unchanged\n", "-f", other)
	expect(0, "alert-rule/high-latency unchanged (dry run)\naction-group/oncall deleted (dry run)\nnotification-policy/default deleted (dry run)\n", "1 unchanged, 2 deleted (dry run)\n", "-f", other, "--prune", "--dry-run")
}

func TestWhatIsWrongIsToldWithFileAndLine(t *testing.T) {
	s, dir := newServer(t), t.TempDir()
	file := write(t, dir, "a.yaml", documents+"---\nkind: alert-rule\nname: bad\nspec: {severity: 7}\n---\nkind: chart\nname: x\nspec: {}\n")
	code, out, errOut := s.run("", "apply", "-f", file)
	require.Equal(t, cli.ExitFailure, code)
	require.Empty(t, out)
	require.Equal(t, "endscope: "+file+":12: alert-rule/bad: severity: must be between 0 and 4 (got 7)\n"+
		"endscope: "+file+":16: unknown kind \"chart\": must be one of action-group, alert-rule, dashboard, notification-policy, processing-rule, saved-query\nendscope: nothing was changed\n", errOut)
	all, err := s.store.List(t.Context(), "alert-rule")
	require.NoError(t, err)
	require.Empty(t, all)

	code, _, errOut = s.run("kind: alert-rule\nnam: x\n", "apply", "-f", "-", "-f", file)
	require.Equal(t, cli.ExitFailure, code)
	require.Contains(t, errOut, "endscope: standard input:2: alert-rule/: nam: is no key of a document")
	code, _, errOut = s.run("", "apply", "-f", "-")
	require.Equal(t, cli.ExitFailure, code)
	require.Equal(t, "endscope: there is no document in -\n", errOut)
	code, _, errOut = s.run(documents, "apply", "-f", "-", "--source", "files")
	require.Equal(t, cli.ExitUsage, code)
	require.Contains(t, errOut, "--source: files is the server's own")
	code, _, errOut = s.run(documents, "apply", "-f", "-", "--source", "a b")
	require.Equal(t, cli.ExitFailure, code)
	require.Contains(t, errOut, "the server answered 400 Bad Request: source: name: must have 1 to 63 of")
}

func TestSourcesKeepApartAndCanBeReleased(t *testing.T) {
	s := newServer(t)
	code, _, _ := s.run(documents, "apply", "-f", "-", "--source", "team-a")
	require.Zero(t, code)
	code, _, errOut := s.run(documents, "apply", "-f", "-")
	require.Equal(t, cli.ExitFailure, code)
	require.Contains(t, errOut, `endscope: standard input:1: alert-rule/high-latency: is provisioned by the source "team-a" and can be changed only there`)
	code, out, _ := s.run("", "apply", "--release", "--source", "team-a")
	require.Zero(t, code)
	require.Equal(t, "action-group/oncall released\nalert-rule/high-latency released\n", out)
	code, out, _ = s.run(documents, "apply", "-f", "-")
	require.Zero(t, code)
	require.Contains(t, out, "updated", "taken over from people")
	code, _, errOut = s.run("", "apply", "--release", "--source", "team-a")
	require.Equal(t, cli.ExitFailure, code)
	require.Contains(t, errOut, "404 Not Found: the source team-a provides nothing")

	code, out, _ = s.run("", "apply", "-f", "-", "--prune", "--allow-empty")
	require.Zero(t, code)
	require.Equal(t, "action-group/oncall deleted\nalert-rule/high-latency deleted\n", out)
}

func TestExport(t *testing.T) {
	s := newServer(t)
	code, _, _ := s.run(documents, "apply", "-f", "-")
	require.Zero(t, code)
	code, out, _ := s.run("", "export")
	require.Zero(t, code)
	require.Equal(t, strings.Replace(documents, "hunter2", `"<secret>"`, 1), out, "what apply was given, but for the secret")

	for _, kind := range []string{"alert-rule", "alert-rules"} {
		code, out, _ = s.run("", "export", kind, "--format", "json")
		require.Zero(t, code)
		require.JSONEq(t, `[{"kind":"alert-rule","name":"high-latency","spec":{"severity":2}}]`, out)
	}
	file := filepath.Join(t.TempDir(), "out.yaml")
	require.NoError(t, os.WriteFile(file, []byte("old"), 0o600))
	code, out, _ = s.run("", "export", "action-groups", "-o", file)
	require.Zero(t, code)
	require.Empty(t, out)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(text), "oncall")
	require.NotContains(t, string(text), "hunter2")

	// An answer that is no success leaves the file as it was.
	code, _, errOut := s.run("", "export", "-o", file, "--format", "prometheus")
	require.Equal(t, cli.ExitFailure, code)
	require.Contains(t, errOut, "is no format of this test")
	again, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, text, again)
	entries, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

func TestServersThatAnswerOddly(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"an old server": {404, `{"title":"No such path","detail":"no such path"}`, "the server answered 404 Not Found: no such path"},
		"a proxy":       {502, `<html>`, "the server answered 502 Bad Gateway\n"},
		"no JSON":       {200, `<html>`, "is not what this version expects"},
		"an odd index":  {422, `{"errors":[{"document":99,"detail":"x"}]}`, "document 100: x"},
	} {
		t.Run(name, func(t *testing.T) {
			h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			}))
			defer h.Close()
			s := &server{t: t, url: h.URL}
			code, _, errOut := s.run(documents, "apply", "-f", "-")
			require.Equal(t, cli.ExitFailure, code)
			require.Contains(t, errOut, tc.want)
		})
	}
	s := &server{t: t, url: "http://127.0.0.1:1"}
	code, _, errOut := s.run(documents, "apply", "-f", "-")
	require.Equal(t, cli.ExitFailure, code)
	require.Contains(t, errOut, "ask http://127.0.0.1:1: ")
}

func TestWarningsOfTheServerArePrinted(t *testing.T) {
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"created":[{"kind":"alert-rule","name":"a"}],"warnings":["stored, but not in force"]}`)
	}))
	defer h.Close()
	code, out, errOut := (&server{t: t, url: h.URL}).run(documents, "apply", "-f", "-")
	require.Equal(t, cli.ExitOK, code)
	require.Equal(t, "alert-rule/a created\n", out)
	require.Equal(t, "warning: stored, but not in force\n1 created\n", errOut)
}

func TestWhatARuleFileCannotSayIsNamed(t *testing.T) {
	file := "# not in this file: alert-rule/slow: it is a metric rule\ngroups: []\n"
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, file) }))
	defer h.Close()
	code, out, errOut := (&server{t: t, url: h.URL}).run("", "export", "alert-rules", "--format", "prometheus")
	require.Equal(t, cli.ExitOK, code)
	require.Equal(t, file, out)
	require.Equal(t, "not exported: alert-rule/slow: it is a metric rule\n", errOut)
}
