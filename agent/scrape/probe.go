package scrape

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// versionProbe asks a target for its version, in the background, so that no round waits for it: once when its kind is first known, again after its counters began
// anew, and after a failure.
type versionProbe struct {
	client  *http.Client
	running sync.WaitGroup

	mu      sync.Mutex
	next    map[string]time.Time // by kind: when it may be asked; the zero time where the answer is there
	begun   time.Time            // when it was last asked
	busy    bool
	cancel  context.CancelFunc // of what is under way
	closed  bool
	answers map[string]string // by kind
	fresh   bool
}

const (
	probeTimeout = 5 * time.Second
	probeAgain   = 5 * time.Minute
)

// text returns the version that the target told, as it did.
func (v *versionProbe) text() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, kind := range sorted(v.answers) {
		return v.answers[kind]
	}
	return ""
}

// versions returns the versions of the target's kinds when they have changed since it was last called, and otherwise nil. It starts to ask for what is not known.
func (v *versionProbe) versions(ctx context.Context, t *target) map[string]version {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, i := range t.found {
		m := t.engine.mappings[i]
		switch {
		case m.Version == nil:
		case m.Version.Metric != "":
			if text := t.engine.label(t.page, i, m.Version.Metric, m.Version.Label); text != "" {
				v.answer(m.Kind, text)
			}
		default:
			if next, asked := v.next[m.Kind]; !asked || !next.IsZero() && time.Now().After(next) {
				v.ask(ctx, t, m)
			}
		}
	}
	if !v.fresh {
		return nil
	}
	v.fresh = false
	all := map[string]version{}
	for kind, text := range v.answers {
		if n, err := parseVersion(text); err == nil {
			all[kind] = n
		}
	}
	return all
}

// restart makes the probe ask again, at most once a minute: the server may have come back as another version.
func (v *versionProbe) restart() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if time.Since(v.begun) > time.Minute {
		clear(v.next)
	}
}

// answer keeps a version. The caller holds mu.
func (v *versionProbe) answer(kind, text string) {
	if v.next == nil {
		v.next, v.answers = map[string]time.Time{}, map[string]string{}
	}
	v.next[kind] = time.Time{}
	if v.answers[kind] != text {
		v.answers[kind], v.fresh = text, true
	}
}

// ask begins to ask, unless it is at it. The caller holds mu.
func (v *versionProbe) ask(ctx context.Context, t *target, m *Mapping) {
	if v.busy || v.closed {
		return
	}
	if v.next == nil {
		v.next, v.answers = map[string]time.Time{}, map[string]string{}
	}
	v.begun = time.Now()
	v.next[m.Kind] = v.begun.Add(probeAgain)
	v.busy = true
	ctx, v.cancel = context.WithTimeout(context.WithoutCancel(ctx), probeTimeout)
	cancel := v.cancel
	u := *t.url
	u.Path, u.RawPath, u.RawQuery, u.Fragment = m.Version.Path, "", "", ""
	v.running.Go(func() {
		defer cancel()
		text, err := v.get(ctx, u.String(), m.Version.JSON)
		if err != nil {
			t.log.Debug("target does not tell its version", "target", t.name, "kind", m.Kind, "err", err)
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		v.busy = false
		if err == nil {
			v.answer(m.Kind, text)
		}
	})
}

func (v *versionProbe) get(ctx context.Context, u, key string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("User-Agent", "endscope-agent")
	resp, err := v.client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode/100 != 2 {
		return "", &statusError{resp.StatusCode}
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(string(body))
	if key != "" {
		var value any
		if err := json.Unmarshal(body, &value); err != nil {
			return "", fmt.Errorf("read version: %w", err)
		}
		for _, k := range strings.Split(key, ".") {
			object, _ := value.(map[string]any)
			value = object[k]
		}
		text, _ = value.(string)
	}
	if text == "" || len(text) > 128 {
		return "", fmt.Errorf("answer has no version of at most 128 bytes under %q", key)
	}
	if _, err := parseVersion(text); err != nil {
		return "", err
	}
	return text, nil
}

// close ends what is under way and waits for it.
func (v *versionProbe) close() {
	v.mu.Lock()
	v.closed = true
	if v.cancel != nil {
		v.cancel()
	}
	v.mu.Unlock()
	v.running.Wait()
}

// label returns a label of the first series of the name, as mapping i knows it, that is on the page.
func (e *engine) label(p *page, i int, name, label string) string {
	for _, f := range p.present {
		if e.alias(f, i) != name {
			continue
		}
		for _, s := range f.series {
			if s.round == p.round {
				return s.lset.Get(label)
			}
		}
	}
	return ""
}
