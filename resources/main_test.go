package resources

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		os.Exit(child(dir))
	}
	goleak.VerifyTestMain(m)
}

// fieldError is the error of a kind's own, as alerts.FieldError is.
type fieldError struct{ Field, Rule string }

func (e *fieldError) Error() string { return e.Field + ": " + e.Rule }

const hidden = `"<secret>"`

// sample is a spec of the kinds here: a severity from 0 to 4, any text, and a secret.
type sample struct {
	Severity *int            `json:"severity,omitempty"`
	Text     string          `json:"text,omitempty"`
	Secret   json.RawMessage `json:"secret,omitempty"`
}

func validate(_ string, spec json.RawMessage) (json.RawMessage, error) {
	var v sample
	d := json.NewDecoder(bytes.NewReader(spec))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if v.Severity != nil && (*v.Severity < 0 || *v.Severity > 4) {
		return nil, &fieldError{"severity", fmt.Sprintf("must be between 0 and 4 (got %d)", *v.Severity)}
	}
	if string(v.Secret) == hidden {
		return nil, &fieldError{"secret", "is the mark of a secret, and there is none to keep"}
	}
	return json.Marshal(v)
}

func redact(spec json.RawMessage) json.RawMessage {
	var v sample
	if json.Unmarshal(spec, &v) != nil {
		return json.RawMessage("{}")
	}
	if v.Secret != nil {
		v.Secret = json.RawMessage(hidden)
	}
	out, _ := json.Marshal(v)
	return out
}

func merge(old, spec json.RawMessage) (json.RawMessage, error) {
	var was, is sample
	if json.Unmarshal(spec, &is) != nil || old == nil || json.Unmarshal(old, &was) != nil || string(is.Secret) != hidden {
		return spec, nil
	}
	is.Secret = was.Secret
	return json.Marshal(is)
}

func kinds() []Kind {
	return []Kind{
		{Name: "alert-rule", Validate: validate, MaxCount: 50},
		{Name: "action-group", Validate: validate, Redact: redact, Merge: merge},
		{Name: "notification-policy", Validate: validate, Redact: redact, Merge: merge, Singleton: true},
	}
}

// clock ticks by a second with each look.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time { return time.Unix(c.at.Add(1), 0) }

func openAt(t testing.TB, dir string, cfg Config) *Store {
	t.Helper()
	c := &clock{}
	c.at.Store(1_700_000_000)
	s, err := Open(t.Context(), cfg, Settings{DataDir: dir, Kinds: kinds(), Now: c.now})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func open(t testing.TB) *Store { return openAt(t, t.TempDir(), DefaultConfig()) }

func put(t testing.TB, s *Store, c Change) Result {
	t.Helper()
	r, err := s.Put(t.Context(), c)
	require.NoError(t, err)
	return r
}

func rule(name, spec string) Change {
	return Change{Kind: "alert-rule", Name: name, Spec: json.RawMessage(spec), By: "anna"}
}

func group(name, spec string) Change {
	return Change{Kind: "action-group", Name: name, Spec: json.RawMessage(spec), By: "anna"}
}

func parse(t testing.TB, text string) []Document {
	t.Helper()
	docs, err := ParseDocuments(strings.NewReader(text), "rules.yaml")
	require.NoError(t, err)
	return docs
}

func outlive(t testing.TB) context.Context { return context.WithoutCancel(t.Context()) }
