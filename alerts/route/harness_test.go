package route

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/alertmanager/alert"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

// message is what a receiver of a test got.
type message struct {
	at       time.Duration // since the mailbox was made
	group    string
	receiver string // as a template sees it
	firing   []string
	resolved []string
	labels   map[string]string // of the group
}

// mailbox is the receiver of every group of a test.
type mailbox struct {
	began time.Time
	mu    sync.Mutex
	all   []message
	fail  func(group string, attempt int) (retry bool, err error) // nil for success
	each  func(group string, each bool) (retry bool, err error)   // the same, by kind of receiver
	delay time.Duration
	raw   []*alert.Alert
	tries map[string]int
	drop  bool // resolved alerts are not sent
	sees  func(*alert.Alert)
}

func newMailbox() *mailbox { return &mailbox{began: time.Now(), tries: map[string]int{}} }

type sender struct {
	box   *mailbox
	group string
	each  bool
}

func (s sender) SendResolved() bool {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	return !s.box.drop
}

func (s sender) Notify(ctx context.Context, all ...*alert.Alert) (bool, error) {
	s.box.mu.Lock()
	delay := s.box.delay
	s.box.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return true, ctx.Err()
		}
	}
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.tries[s.group]++
	if s.box.fail != nil {
		if retry, err := s.box.fail(s.group, s.box.tries[s.group]); err != nil {
			return retry, err
		}
	}
	if s.box.each != nil {
		if retry, err := s.box.each(s.group, s.each); err != nil {
			return retry, err
		}
	}
	m := message{at: time.Since(s.box.began), group: s.group, labels: map[string]string{}}
	if s.each {
		m.group += eachSuffix
	}
	m.receiver, _ = notify.ReceiverName(ctx)
	set, _ := notify.GroupLabels(ctx)
	m.labels = texts(set)
	for _, a := range all {
		name := string(a.Labels["name"])
		if a.Resolved() {
			m.resolved = append(m.resolved, name)
		} else {
			m.firing = append(m.firing, name)
		}
		s.box.raw = append(s.box.raw, a)
		if s.box.sees != nil {
			s.box.sees(a)
		}
	}
	slices.Sort(m.firing)
	slices.Sort(m.resolved)
	s.box.all = append(s.box.all, m)
	return false, nil
}

// integrations makes one integration for each group, and one for single alerts for groups whose name ends in "-each".
func (b *mailbox) integrations(g *alerts.ActionGroup) (grouped, single []notify.Integration, err error) {
	if g.ShortName == "broken" {
		return nil, nil, errors.New("this group is broken")
	}
	if g.ShortName != "single" {
		s := sender{b, g.Name, false}
		grouped = append(grouped, notify.NewIntegration(s, s, "webhook", 0, g.Name))
	}
	if g.ShortName == "single" || g.ShortName == "both" {
		s := sender{b, g.Name, true}
		single = append(single, notify.NewIntegration(s, s, "webhook", 1, g.Name))
	}
	return grouped, single, nil
}

// fails sets how attempts fail.
func (b *mailbox) fails(f func(group string, attempt int) (retry bool, err error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = f
}

// downFor lets every attempt fail for so long from the start.
func (b *mailbox) downFor(d time.Duration) {
	b.fails(func(string, int) (bool, error) {
		if time.Since(b.began) < d {
			return false, errors.New("down")
		}
		return false, nil
	})
}

// failsFor sets how attempts fail, by the kind of receiver.
func (b *mailbox) failsFor(f func(group string, each bool) (retry bool, err error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.each = f
}

// takes sets how long attempts take.
func (b *mailbox) takes(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.delay = d
}

// got returns what came since the last call, and forgets it.
func (b *mailbox) got() []message {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.all
	b.all = nil
	return all
}

// lines returns what came since the last call as "30s oncall +a +b -c", and forgets it.
func (b *mailbox) lines() []string {
	var all []string
	for _, m := range b.got() {
		line := m.at.Round(time.Second).String() + " " + m.group
		for _, n := range m.firing {
			line += " +" + n
		}
		for _, n := range m.resolved {
			line += " -" + n
		}
		all = append(all, line)
	}
	return all
}

// house is an engine that runs in a test.
type house struct {
	*Engine
	t    *testing.T
	box  *mailbox
	stop func()
}

func policyOf(t *testing.T, text string) Policy {
	t.Helper()
	p, err := ParsePolicy([]byte(text))
	require.NoError(t, err)
	return p
}

func group(name string) alerts.ActionGroup { return alerts.ActionGroup{Name: name, Enabled: true} }

// newHouse makes an engine and does not run it.
func newHouse(t *testing.T, policy string, groups []alerts.ActionGroup, change func(*Config, *Settings)) *house {
	t.Helper()
	h := &house{t: t, box: newMailbox()}
	cfg := DefaultConfig()
	set := Settings{Registerer: prometheus.NewRegistry(), Integrations: h.box.integrations}
	if change != nil {
		change(&cfg, &set)
	}
	var err error
	h.Engine, err = New(t.Context(), cfg, set)
	require.NoError(t, err)
	require.NoError(t, h.Reload(policyOf(t, policy), groups))
	h.stop = func() { require.NoError(t, h.Close()) }
	return h
}

// run starts the engine.
func (h *house) run() {
	ctx, cancel := context.WithCancel(h.t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	h.stop = func() {
		cancel()
		require.NoError(h.t, <-done)
		require.NoError(h.t, h.Close())
	}
}

// open makes an engine and runs it.
func open(t *testing.T, policy string, groups []alerts.ActionGroup, change func(*Config, *Settings)) *house {
	t.Helper()
	h := newHouse(t, policy, groups, change)
	h.run()
	return h
}

// fire puts alerts that start now: "a" or "a severity=critical action_groups=,x,".
func (h *house) fire(texts ...string) { h.putAll(time.Time{}, texts...) }

// resolve puts them as resolved now.
func (h *house) resolve(texts ...string) { h.putAll(time.Now(), texts...) }

func (h *house) putAll(end time.Time, texts ...string) {
	h.t.Helper()
	var all []Alert
	for _, text := range texts {
		a := alertOf(text)
		a.EndsAt = end
		if !end.IsZero() {
			a.StartsAt = end.Add(-time.Minute)
		}
		all = append(all, a)
	}
	require.NoError(h.t, h.Put(h.t.Context(), all))
}

func alertOf(text string) Alert {
	name, rest, _ := strings.Cut(text, " ")
	labels := map[string]string{"alertname": "Test", "name": name}
	for _, pair := range strings.Fields(rest) {
		k, v, _ := strings.Cut(pair, "=")
		labels[k] = v
	}
	source := &alerts.Alert{ID: name, Labels: maps.Clone(labels)}
	return Alert{ID: name, Labels: labels, StartsAt: time.Now(), Stateless: labels["alert_id"] != "", Source: source}
}

// bubble runs a test with time of its own.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// played plays a story with a policy and groups in simulated time, and wants that it is told in these lines, in any order.
func played(t *testing.T, policy string, groups []alerts.ActionGroup, play func(*house), want []string) {
	t.Helper()
	bubble(t, func(t *testing.T) {
		h := open(t, policy, groups, nil)
		defer h.stop()
		synctest.Wait()
		play(h)
		synctest.Wait()
		require.ElementsMatch(t, want, h.box.lines())
	})
}
