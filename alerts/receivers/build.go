package receivers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/alertmanager/alert"
	amconfig "github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/promslog"

	"github.com/endscope/endscope/alerts"
)

// Settings is what code passes. Functions may be called concurrently.
type Settings struct {
	Logger     *slog.Logger          // nil logs nothing
	Registerer prometheus.Registerer // nil registers nothing
	Now        func() time.Time      // nil for time.Now
	// Sleep waits, and returns an error if the context ends before; nil for a timer.
	Sleep func(context.Context, time.Duration) error

	ExternalURL *url.URL // address of this server for links in messages
	// Lookup finds the whole alert behind what a notifier is given; nil finds none. Without, messages say what labels and annotations do.
	Lookup func(*alert.Alert) (*alerts.Alert, bool)
	Metric alerts.MetricFunc // units of values; nil writes them without
	// AlertURL returns the page of an alert; nil for none.
	AlertURL func(id string) string
	// LogLinks returns where the rows of a query can be seen and asked for; nil for nowhere.
	LogLinks func(query string, from, to time.Time) (ui, api string)
}

// Builder makes notifiers of action groups. Make one with New, and Close it once nothing notifies any more.
type Builder struct {
	cfg  Config
	set  Settings
	log  *slog.Logger
	tmpl *template.Template
	now  func() time.Time

	metrics  *metrics
	circuits *circuits
	emails   *limiter
	webhooks *limiter
	tests    *limiter
	running  sync.WaitGroup // deliveries, among them those that hang

	mu    sync.Mutex
	turns map[string]chan struct{} // by group, type and name; one token each
}

// New reads the templates. The error names a configuration or a template that is wrong.
func New(cfg Config, set Settings) (*Builder, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	b := &Builder{cfg: cfg, set: set, log: set.Logger, now: set.Now, circuits: newCircuits(), turns: map[string]chan struct{}{},
		emails: newLimiter(cfg.EmailsPerHour, time.Hour), webhooks: newLimiter(cfg.WebhooksPerMinute, time.Minute), tests: newLimiter(2, time.Minute)}
	if b.log == nil {
		b.log = promslog.NewNopLogger()
	}
	if b.now == nil {
		b.now = time.Now
	}
	tmpl, err := newTemplates(cfg.Templates)
	if err != nil {
		return nil, err
	}
	b.tmpl = tmpl
	b.tmpl.ExternalURL = set.ExternalURL
	if b.tmpl.ExternalURL == nil {
		b.tmpl.ExternalURL = &url.URL{}
	}
	b.metrics = newMetrics(set.Registerer, b.circuits, b.now)
	return b, nil
}

// Close waits for deliveries that are on their way, at most until the context ends.
func (b *Builder) Close(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		b.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("deliveries still hang: %w", ctx.Err())
	}
}

func (b *Builder) sleep(ctx context.Context, d time.Duration) error {
	if b.set.Sleep != nil {
		return b.set.Sleep(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Validate returns everything that is wrong with a group and its receivers, each an *alerts.FieldError, joined. It reads no files of secrets
// and sends nothing.
func (b *Builder) Validate(g *alerts.ActionGroup) error {
	errs := []error{g.Validate()}
	for _, p := range paths(g) {
		c, err := b.load(p.receiver, p.path)
		if err == nil {
			err = b.tryTemplates(p.receiver, p.path)
		}
		if err == nil {
			_, err = b.notifier(p.receiver, c, newScrubber(p.receiver), g.Name, false)
			if err != nil {
				err = &alerts.FieldError{Field: p.path, Rule: newScrubber(p.receiver).text(err.Error())}
			}
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Integrations returns what sends to a group: grouped ones get several alerts at a time, single ones one alert alone. Type and index of an
// integration come from the receiver's type and name, so that what is remembered of it stays right when others come and go.
func (b *Builder) Integrations(g *alerts.ActionGroup) (grouped, single []notify.Integration, err error) {
	var errs []error
	indexes := indexesOf(g)
	for _, p := range paths(g) {
		d, c, err := b.delivery(g.Name, p.receiver, p.path, false)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		i := notify.NewIntegration(d, sender(c), integrationName(p.receiver.Type), indexes[p.receiver.Name], g.Name)
		if p.receiver.Single() {
			single = append(single, i)
		} else {
			grouped = append(grouped, i)
		}
	}
	return grouped, single, errors.Join(errs...)
}

// ReceiverName returns the name of the receiver that an integration of the group sends to.
func ReceiverName(g *alerts.ActionGroup, integration string, index int) (string, bool) {
	indexes := indexesOf(g)
	for _, r := range g.Receivers {
		if integrationName(r.Type) == integration && indexes[r.Name] == index {
			return r.Name, true
		}
	}
	return "", false
}

// integrationName is Alertmanager's name for a type: msteamsv2, victorops.
func integrationName(t alerts.ReceiverType) string { return strings.TrimSuffix(section(t), "_configs") }

// indexesOf gives each receiver of a group a number that follows from its name alone, except for the rare two that share one.
func indexesOf(g *alerts.ActionGroup) map[string]int {
	names := make([]string, 0, len(g.Receivers))
	for _, r := range g.Receivers {
		names = append(names, r.Name)
	}
	slices.Sort(names)
	byName, taken := map[string]int{}, map[int]bool{}
	for _, name := range slices.Compact(names) {
		h := fnv.New32a()
		h.Write([]byte(name))
		i := int(h.Sum32() & 0x7fffffff)
		for taken[i] {
			i = (i + 1) & 0x7fffffff
		}
		taken[i], byName[name] = true, i
	}
	return byName
}

type receiverPath struct {
	receiver alerts.Receiver
	path     string
}

// paths returns the receivers of a group with their places in its JSON.
func paths(g *alerts.ActionGroup) []receiverPath {
	count := map[alerts.ReceiverType]int{}
	list := make([]receiverPath, 0, len(g.Receivers))
	for _, r := range g.Receivers {
		list = append(list, receiverPath{r, fmt.Sprintf("%s[%d]", r.Type.Array(), count[r.Type])})
		count[r.Type]++
	}
	return list
}

// delivery makes what sends to one receiver.
func (b *Builder) delivery(group string, r alerts.Receiver, path string, test bool) (*delivery, amconfig.Receiver, error) {
	c, err := b.load(r, path)
	if err != nil {
		return nil, c, err
	}
	s := newScrubber(r, b.serverSecrets()...)
	n, err := b.notifier(r, c, s, group, test)
	if err != nil {
		return nil, c, &alerts.FieldError{Field: path, Rule: s.text(err.Error())}
	}
	d := &delivery{b: b, kind: r.Type, next: n, scrub: s, own: isWebhook(r.Type), test: test, timeout: b.cfg.Timeout,
		turn: b.turnOf(strings.Join([]string{group, string(r.Type), r.Name}, "\x00"), test)}
	if r.Type == alerts.ReceiverEmail {
		d.limitKey = strings.ToLower(c.EmailConfigs[0].To)
		if !test {
			d.limit = b.emails
		}
	}
	return d, c, nil
}

// serverSecrets are the secrets of the server's own configuration, which errors of any receiver may hold.
func (b *Builder) serverSecrets() []string {
	all := []string{string(b.cfg.SMTP.AuthPassword), string(b.cfg.SlackAPIURL)}
	for _, name := range []string{b.cfg.SMTP.AuthPasswordFile, b.cfg.SMTP.AuthSecretFile, b.cfg.SlackAPIURLFile, b.cfg.OpsgenieKeyFile, b.cfg.VictorOpsFile} {
		if name != "" {
			all = append(all, readSecret(name))
		}
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// turnOf returns the token of a receiver. Reloads keep it, so that a delivery that hangs is not joined by another.
func (b *Builder) turnOf(key string, test bool) chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t, ok := b.turns[key]; ok && !test {
		return t
	}
	t := make(chan struct{}, 1)
	t <- struct{}{}
	if !test {
		if len(b.turns) > 100_000 {
			clear(b.turns) // groups come and go for years; what hangs just now loses its guard
		}
		b.turns[key] = t
	}
	return t
}

func (b *Builder) schemaOptions(a *alerts.Alert, group string) SchemaOptions {
	link := firstOf(a.Annotations["alert_url"], a.Annotations["link"], a.Annotations["chart_url"], a.GeneratorURL)
	if b.set.AlertURL != nil && a.ID != "" && a.RuleKind != "" {
		link = cmp.Or(b.set.AlertURL(a.ID), link)
	}
	return SchemaOptions{Group: group, InvestigationLink: b.absolute(link), LogLinks: b.set.LogLinks}
}
