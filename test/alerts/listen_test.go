package alerts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

// received is one request that a listener got.
type received struct {
	path   string
	header http.Header
	body   []byte
	at     time.Time
}

// listener is the other side of webhooks: it takes everything and keeps it.
type listener struct {
	*httptest.Server
	mu  sync.Mutex
	all []received
}

func listen(t *testing.T) *listener {
	l := &listener{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest) // the sender died
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.all = append(l.all, received{r.URL.Path, r.Header, body, time.Now()})
	}))
	t.Cleanup(l.Close)
	return l
}

// got returns the requests to a path so far.
func (l *listener) got(path string) []received {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []received
	for _, r := range l.all {
		if r.path == path {
			out = append(out, r)
		}
	}
	return out
}

// common is what these tests read of a message in the common alert schema.
type common struct {
	SchemaID string `json:"schemaId"`
	Data     struct {
		Essentials struct {
			AlertID           string
			AlertRule         string
			Severity          string
			SignalType        string
			MonitorCondition  string
			AlertTargetIDs    []string
			FiredDateTime     time.Time
			ResolvedDateTime  time.Time
			InvestigationLink string
		}
		AlertContext struct {
			Properties map[string]string
			Condition  struct {
				AllOf []struct {
					MetricName  string
					MetricValue *float64
					Threshold   string
					Dimensions  []struct{ Name, Value string }
				}
				WindowStartTime, WindowEndTime time.Time
			}
		}
		CustomProperties map[string]string
	}
}

// dimension returns the value of one of the alert's dimensions.
func (c *common) dimension(name string) string {
	for _, d := range c.Data.AlertContext.Condition.AllOf[0].Dimensions {
		if d.Name == name {
			return d.Value
		}
	}
	return ""
}

// commons returns the messages in the common alert schema that came to a path, each checked for what all must have.
func (l *listener) commons(t *testing.T, path string) []common {
	t.Helper()
	var out []common
	for _, r := range l.got(path) {
		var c common
		require.NoError(t, json.Unmarshal(r.body, &c), "%s", r.body)
		require.Equal(t, "azureMonitorCommonAlertSchema", c.SchemaID)
		e := c.Data.Essentials
		require.Equal(t, e.AlertID+"-"+e.MonitorCondition, r.header.Get("Idempotency-Key"))
		out = append(out, c)
	}
	return out
}

// one returns the only message about an instance with a condition, an error while there is none, and fails when there are more.
func (l *listener) one(t *testing.T, path, instance, condition string) (*common, error) {
	t.Helper()
	var found []common
	for _, c := range l.commons(t, path) {
		if c.dimension("instanceId") == instance && c.Data.Essentials.MonitorCondition == condition {
			found = append(found, c)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("nothing at %s about %s that is %s", path, instance, condition)
	}
	require.Len(t, found, 1, "%s is told of %s once", path, instance)
	return &found[0], nil
}

// grouped is what these tests read of Alertmanager's message.
type grouped struct {
	Version, GroupKey, Status, Receiver string
	GroupLabels                         map[string]string
	Alerts                              []groupedAlert
}

type groupedAlert struct {
	Status              string
	Labels, Annotations map[string]string
	StartsAt, EndsAt    time.Time
	GeneratorURL        string
}

func (l *listener) groups(t *testing.T, path string) []grouped {
	t.Helper()
	var out []grouped
	for _, r := range l.got(path) {
		var g grouped
		require.NoError(t, json.Unmarshal(r.body, &g), "%s", r.body)
		require.Equal(t, "4", g.Version)
		out = append(out, g)
	}
	return out
}

// told returns the alerts of a status in the messages that came to a path, by the value of one of their labels.
func (l *listener) told(t *testing.T, path, status, label string) map[string]groupedAlert {
	t.Helper()
	out := map[string]groupedAlert{}
	for _, g := range l.groups(t, path) {
		for _, a := range g.Alerts {
			if a.Status == status {
				out[a.Labels[label]] = a
			}
		}
	}
	return out
}

// letter is an email.
type letter struct {
	to      []string
	subject string
	text    string // as it came
}

// mailbox is an SMTP server that takes everything and keeps it.
type mailbox struct {
	addr string
	mu   sync.Mutex
	all  []letter
}

func newMailbox(t *testing.T) *mailbox {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	m := &mailbox{addr: l.Addr().String()}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &mailSession{m: m}, nil }))
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		if err := <-ended; !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			require.NoError(t, err)
		}
	})
	return m
}

// letters returns those whose subject contains a text.
func (m *mailbox) letters(subject string) []letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []letter
	for _, l := range m.all {
		if strings.Contains(l.subject, subject) {
			out = append(out, l)
		}
	}
	return out
}

type mailSession struct {
	m  *mailbox
	to []string
}

func (s *mailSession) Mail(string, *smtp.MailOptions) error { return nil }

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(message.Body)
	if err != nil {
		return err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject"))
	if err != nil {
		return err
	}
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.m.all = append(s.m.all, letter{s.to, subject, string(text)})
	return nil
}

func (s *mailSession) Reset() { s.to = nil }

func (s *mailSession) Logout() error { return nil }

// listed is what these tests read of an alert of the API.
type listed struct {
	ID, AlertRule, MonitorCondition, AlertState, Scope, ResolveReason string
	Dimensions                                                        map[string]string
	FiredDateTime, ResolvedDateTime                                   time.Time
	Suppressed                                                        bool
	ActionGroups                                                      []string
	Annotations                                                       map[string]string
	Links                                                             map[string]string
	Finding                                                           *struct{ Sentence, Verdict string }
	Values                                                            []struct{ Value, Threshold *float64 }
	Timeline                                                          []struct{ Kind, By, Text string }
}

// alerts returns what GET /api/v1/alerts lists, over all pages.
func (s *server) alerts(ctx context.Context, query string) ([]listed, error) {
	var out []listed
	for next := "/api/v1/alerts?limit=500&" + query; next != ""; {
		var page struct {
			Value    []listed
			NextLink string
		}
		status, text, err := s.do(ctx, http.MethodGet, next, nil)
		if err != nil {
			return nil, err
		}
		if status != http.StatusOK {
			return nil, fmt.Errorf("GET %s: %d %s", next, status, text)
		}
		if err := json.Unmarshal(text, &page); err != nil {
			return nil, err
		}
		out, next = append(out, page.Value...), page.NextLink
	}
	return out, nil
}
