package receivers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
)

// letter is an email that the mail server got.
type letter struct {
	from, user string
	to         []string
	tls        bool
	data       string
}

// mailServer is a real SMTP server with STARTTLS and AUTH PLAIN.
type mailServer struct {
	addr, ca string
	auth     bool
	refuse   error

	mu      sync.Mutex
	letters []letter
}

func (m *mailServer) got() []letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]letter(nil), m.letters...)
}

// NewSession begins a connection.
func (m *mailServer) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{m: m, c: c}, nil
}

type session struct {
	m *mailServer
	c *smtp.Conn
	l letter
}

func (s *session) AuthMechanisms() []string {
	if !s.m.auth {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "endscope" || password != "hunter2-smtp" {
			return errors.New("535 wrong password " + password)
		}
		s.l.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.l.from = from
	_, s.l.tls = s.c.TLSConnectionState()
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.m.refuse != nil {
		return s.m.refuse
	}
	s.l.to = append(s.l.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.l.data = string(b)
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.m.letters = append(s.m.letters, s.l)
	return err
}

func (s *session) Reset() { s.l = letter{user: s.l.user} }

func (s *session) Logout() error { return nil }

func newMailServer(t *testing.T, auth bool) *mailServer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true,
		BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, &x509.Certificate{SerialNumber: big.NewInt(1)}, &key.PublicKey, key)
	require.NoError(t, err)
	m := &mailServer{auth: auth, ca: filepath.Join(t.TempDir(), "ca.pem")}
	require.NoError(t, os.WriteFile(m.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	s := smtp.NewServer(m)
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	s.ErrorLog = quiet{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	m.addr = l.Addr().String()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(l)
	}()
	t.Cleanup(func() {
		_ = s.Close()
		<-done
	})
	return m
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// use lets a builder send through the server.
func (m *mailServer) use(c *Config, _ *Settings) {
	c.SMTP.Smarthost, c.SMTP.From, c.SMTP.CAFile = m.addr, "endscope@example.com", m.ca
	if m.auth {
		c.SMTP.AuthUsername, c.SMTP.AuthPassword = "endscope", "hunter2-smtp"
	}
}

// parts returns the parts of an email by their type.
func parts(t *testing.T, l letter) (*mail.Message, map[string]string) {
	t.Helper()
	msg, err := mail.ReadMessage(strings.NewReader(l.data))
	require.NoError(t, err)
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	require.NoError(t, err)
	r := multipart.NewReader(msg.Body, params["boundary"])
	all := map[string]string{}
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return msg, all
		}
		require.NoError(t, err)
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		var body io.Reader = p
		if p.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			body = quotedprintable.NewReader(p)
		}
		text, err := io.ReadAll(body)
		require.NoError(t, err)
		all[kind] = string(text)
	}
}

const mailReceiver = `{"name":"mail","emailAddress":"oncall@example.com"}`

func TestAnEmailGoesOverSTARTTLSWithAPassword(t *testing.T) {
	m := newMailServer(t, true)
	k := newKit(t, m.use)
	i := k.one(t, group(t, "emailReceivers", mailReceiver))
	require.True(t, i.SendResolved())
	_, err := i.Notify(about(t, example()), example())
	require.NoError(t, err)
	require.Len(t, m.got(), 1)
	l := m.got()[0]
	require.True(t, l.tls)
	require.Equal(t, "endscope", l.user)
	require.Equal(t, "endscope@example.com", l.from)
	require.Equal(t, []string{"oncall@example.com"}, l.to)
	msg, body := parts(t, l)
	subject, err := (&mime.WordDecoder{}).DecodeHeader(msg.Header.Get("Subject"))
	require.NoError(t, err)
	require.Equal(t, "[FIRING] Sev0 High latency: credit/blue is slow <now> & later", subject)
	require.Contains(t, body["text/plain"], "What changed: instance blue-7 has 80% of it")
	require.Contains(t, body["text/html"], "credit/blue is slow &lt;now&gt; &amp; later")
	require.Contains(t, body["text/html"], `<a href="https://endscope.example/runbooks/latency">Run-book</a>`)
	require.NotContains(t, body["text/plain"]+body["text/html"], "action_groups")
}

func TestAnEmailWithoutTLSOnlyWhereItMay(t *testing.T) {
	m := newMailServer(t, false)
	k := newKit(t, m.use, func(c *Config, _ *Settings) { c.SMTP.RequireTLS = false })
	i := k.one(t, group(t, "emailReceivers", mailReceiver))
	_, err := i.Notify(about(t, example()), example())
	require.NoError(t, err)
	require.False(t, m.got()[0].tls)

	k = newKit(t, m.use, func(c *Config, _ *Settings) { c.SMTP.CAFile = "" })
	i = k.one(t, group(t, "emailReceivers", mailReceiver))
	_, err = i.Notify(about(t, example()), example())
	require.ErrorContains(t, err, "certificate", "a certificate that nobody knows is refused")
}

func TestAWrongPasswordIsNotTold(t *testing.T) {
	m := newMailServer(t, true)
	k := newKit(t, m.use)
	i := k.one(t, group(t, "emailReceivers", `{"name":"mail","emailAddress":"a@b.c","auth_password":"hunter2-wrong"}`))
	retry, err := i.Notify(about(t, example()), example())
	require.ErrorContains(t, err, "auth")
	require.True(t, retry)
	noSecret(t, err.Error(), "error")
	noSecret(t, k.logs.text(), "log")

	k = newKit(t, m.use, func(c *Config, _ *Settings) { c.SMTP.AuthPassword = "hunter2-server" })
	i = k.one(t, group(t, "emailReceivers", mailReceiver))
	_, err = i.Notify(about(t, example()), example())
	require.Error(t, err)
	noSecret(t, err.Error(), "the server's own password")
}

func TestAnAddressGetsSoManyEmailsAnHour(t *testing.T) {
	m := newMailServer(t, false)
	k := newKit(t, m.use, func(c *Config, _ *Settings) { c.EmailsPerHour = 2 })
	i := k.one(t, group(t, "emailReceivers", mailReceiver))
	other := k.one(t, group(t, "emailReceivers", `{"name":"second","emailAddress":"OnCall@example.com"}`))
	send := func() error {
		_, err := i.Notify(about(t, example()), example())
		return err
	}
	m.refuse = errors.New("no")
	require.Error(t, send())
	require.Error(t, send())
	m.refuse = nil
	require.NoError(t, send(), "what was not sent does not count")
	require.NoError(t, send())
	require.ErrorContains(t, send(), "limit of 2 in 1h0m0s for this address")
	_, err := other.Notify(about(t, example()), example())
	require.ErrorContains(t, err, "limit of 2", "the limit is of the address")
	require.Len(t, m.got(), 2)
	require.InDelta(t, 2, testutil.ToFloat64(k.metrics.limited.WithLabelValues("email")), 0)
	k.clock.add(time.Hour)
	require.NoError(t, send())
}
