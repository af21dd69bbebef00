package receivers

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// quick gives every attempt little time.
func quick(c *Config, _ *Settings) { c.Timeout = time.Second }

// noSecret fails where a text holds any part of a secret of testdata/receivers.
func noSecret(t *testing.T, text, about string) {
	t.Helper()
	require.NotContains(t, text, "hunter2", about)
	require.NotContains(t, text, "aHVudGVyMg", about+": in base64")
}

func TestNoTypeTellsItsSecretsWhenItFails(t *testing.T) {
	echo := func(status int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if len(header) > 0 {
				w.Header().Set(header[0], header[1])
			}
			w.WriteHeader(status)
			// A server may answer with everything that it got.
			_, _ = io.WriteString(w, r.URL.String()+"\n"+r.Header.Get("Authorization")+r.Header.Get("X-Auth-Token")+r.Header.Get("X-Key")+"\n"+string(body))
		}
	}
	for _, name := range storedNames(t) {
		for _, bad := range []struct {
			what    string
			handler http.HandlerFunc
			tls     bool
			closed  bool
		}{
			{what: "status 500", handler: echo(500)},
			{what: "status 400", handler: echo(400)},
			{what: "status 429", handler: echo(429, "Retry-After", "1")},
			{what: "status 401", handler: echo(401)},
			{what: "redirect", handler: echo(302, "Location", "http://127.0.0.1:1/hunter2-elsewhere")},
			{what: "TLS error", handler: echo(200), tls: true},
			{what: "refused connection", closed: true},
		} {
			t.Run(name+" "+bad.what, func(t *testing.T) {
				var base string
				switch {
				case bad.closed:
					l, err := net.Listen("tcp", "127.0.0.1:0")
					require.NoError(t, err)
					base = "http://" + l.Addr().String()
					require.NoError(t, l.Close())
				case bad.tls:
					s := httptest.NewUnstartedServer(bad.handler)
					s.Config.ErrorLog = log.New(io.Discard, "", 0)
					s.StartTLS()
					t.Cleanup(s.Close)
					base = s.URL
				default:
					s := httptest.NewServer(bad.handler)
					t.Cleanup(s.Close)
					base = s.URL
				}
				k := newKit(t)
				i := k.one(t, stored(t, name, base))
				ctx, cancel := context.WithTimeout(about(t, example()), 20*time.Second)
				defer cancel()
				_, err := i.Notify(ctx, example())
				require.Error(t, err)
				noSecret(t, err.Error(), "error")
				for e := err; e != nil; e = errors.Unwrap(e) {
					noSecret(t, e.Error(), "error below")
				}
				noSecret(t, k.logs.text(), "log")
				require.LessOrEqual(t, len(err.Error()), 2*maxErrorText)
			})
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := listen(t, nil)
	l := listen(t, func(w http.ResponseWriter, _ call, _ int) {
		w.Header().Set("Location", elsewhere.URL)
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	for _, name := range []string{"webhook", "slack", "teams", "telegram", "webex"} {
		i := newKit(t).one(t, stored(t, name, l.URL))
		_, err := i.Notify(about(t, example()), example())
		require.Error(t, err, name)
	}
	require.Empty(t, elsewhere.got())
	require.Len(t, l.got(), 5)
}

func TestAReceiverThatHangsIsGivenUpInItsTime(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(release) })
	for _, name := range []string{"telegram", "slack", "sns"} {
		k := newKit(t, quick)
		i := k.one(t, stored(t, name, s.URL))
		ctx, cancel := context.WithTimeout(about(t, example()), 3*time.Second)
		retry, err := i.Notify(ctx, example())
		cancel()
		require.Error(t, err, name)
		require.True(t, retry, name)
		noSecret(t, err.Error(), name)
	}
}

func TestAMailServerThatHangsHoldsUpNobodyElse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	conns := make(chan net.Conn, 10)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns <- c // and never greets
		}
	}()
	k := newKit(t, quick, func(c *Config, _ *Settings) {
		c.SMTP = SMTPConfig{Smarthost: l.Addr().String(), From: "endscope@example.com"}
	})
	i := k.one(t, group(t, "emailReceivers", `{"name":"mail","emailAddress":"oncall@example.com"}`))
	retry, err := i.Notify(about(t, example()), example())
	require.ErrorContains(t, err, "no answer within 1s")
	require.True(t, retry)
	_, err = i.Notify(about(t, example()), example())
	require.ErrorContains(t, err, "still on its way", "the hanging delivery keeps the receiver")
	require.Len(t, conns, 1, "and there is never a second connection")
	(<-conns).Close()
	require.NoError(t, l.Close())
	<-done
	require.Eventually(t, func() bool {
		_, err := i.Notify(about(t, example()), example())
		return err != nil && strings.Contains(err.Error(), "refused")
	}, 20*time.Second, 10*time.Millisecond, "once it ends the next may try")
}

func TestAnEndlessAnswerIsCut(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(500)
		b := bufio.NewWriter(w)
		for range 1 << 14 {
			if _, err := b.WriteString(strings.Repeat("x", 1024)); err != nil {
				return
			}
		}
		_ = b.Flush()
	}))
	t.Cleanup(s.Close)
	i := newKit(t).one(t, stored(t, "teams", s.URL))
	_, err := i.Notify(about(t, example()), example())
	require.Error(t, err)
	require.LessOrEqual(t, len(err.Error()), maxErrorText+8)
}

func TestStatus429MeansComeBack(t *testing.T) {
	l := listen(t, func(w http.ResponseWriter, _ call, _ int) { w.WriteHeader(http.StatusTooManyRequests) })
	i := newKit(t).one(t, stored(t, "slack", l.URL))
	retry, err := i.Notify(about(t, example()), example())
	require.Error(t, err)
	require.True(t, retry)
}
