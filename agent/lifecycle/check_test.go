package lifecycle

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func check(t *testing.T, c ProbeConfig, timeout time.Duration) error {
	t.Helper()
	ch, err := c.checker()
	require.NoError(t, err)
	defer ch.close()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	return ch.check(ctx)
}

func TestHTTPProbe(t *testing.T) {
	stop := make(chan struct{})
	elsewhere := "http://127.0.0.2:1/"
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ok":
			fmt.Fprint(w, "fine")
		case "/headers":
			if r.Host != "model.test" || r.Header.Get("Authorization") != "Bearer x" || r.UserAgent() != "endscope-agent" {
				w.WriteHeader(http.StatusForbidden)
			}
		case "/bad":
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, "the model\n\x01is loading"+strings.Repeat("!", 5000))
		case "/here":
			http.Redirect(w, r, "/bad", http.StatusFound)
		case "/there":
			http.Redirect(w, r, elsewhere, http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/hang":
			select {
			case <-stop:
			case <-r.Context().Done():
			}
		case "/endless":
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat("x", 4096)); err != nil {
					return
				}
			}
		case "/cut":
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				conn.Close()
			}
		}
	}))
	defer srv.Close()
	defer close(stop)
	const long = 30 * time.Second
	probe := func(path string) error { return check(t, ProbeConfig{HTTP: srv.URL + path}, long) }
	require.NoError(t, probe("/ok"))
	require.NoError(t, probe("/there"), "a redirect to another host is not followed, and is good")
	require.NoError(t, probe("/endless"), "only the beginning of a body is read")
	require.NoError(t, check(t, ProbeConfig{HTTP: srv.URL + "/headers", Headers: map[string]string{"host": "model.test", "authorization": "Bearer x"}}, long))

	var open *answered
	err := probe("/bad?key=secret")
	require.ErrorAs(t, err, &open)
	require.ErrorContains(t, err, "/bad answered 503 Service Unavailable: the model is loading!!!")
	require.NotContains(t, err.Error(), "secret")
	require.Less(t, len(err.Error()), 2*maxDetail)
	require.ErrorContains(t, probe("/here"), "answered 503", "a redirect on the same host is followed")
	require.ErrorContains(t, probe("/loop"), "more than 10 redirects")
	require.ErrorContains(t, probe("/cut"), "closed without an answer")
	require.ErrorContains(t, check(t, ProbeConfig{HTTP: srv.URL + "/hang"}, 20*time.Millisecond), "no answer in time")
	require.ErrorContains(t, check(t, ProbeConfig{HTTP: "http://" + freeAddress(t)}, long), "connection refused")

	tls := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer tls.Close()
	require.NoError(t, check(t, ProbeConfig{HTTP: tls.URL}, long), "a certificate of its own is no failure")
}

// freeAddress returns an address on which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func TestTCPProbe(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	require.NoError(t, check(t, ProbeConfig{TCP: l.Addr().String()}, time.Minute))
	require.ErrorContains(t, check(t, ProbeConfig{TCP: freeAddress(t)}, time.Minute), "connection refused")
}

func TestExecProbe(t *testing.T) {
	run := func(timeout time.Duration, args ...string) error { return check(t, ProbeConfig{Exec: args}, timeout) }
	require.NoError(t, run(time.Minute, "true"))
	require.EqualError(t, run(time.Minute, "sh", "-c", "echo not; echo yet >&2; exit 3"), "command sh exited with code 3: not yet")
	require.ErrorContains(t, run(time.Minute, "no-such-command-here"), "did not run")
	err := run(time.Minute, "sh", "-c", "yes | head -c 1000000; exit 1")
	require.ErrorContains(t, err, "exited with code 1: y y y")
	require.Less(t, len(err.Error()), 2*maxDetail)
	require.ErrorContains(t, run(time.Minute, "sh", "-c", "kill -SEGV $$"), "segmentation fault")
}

func TestAnExecProbeThatHangsIsKilledWithItsChildren(t *testing.T) {
	name := filepath.Join(t.TempDir(), "child")
	var text []byte
	for timeout := time.Second; len(text) == 0 && timeout < time.Minute; timeout *= 4 { // a busy machine may not come to it at first
		err := check(t, ProbeConfig{Exec: []string{"sh", "-c", "sleep 600 & echo $! > " + name + ".new; mv " + name + ".new " + name + "; wait"}}, timeout)
		require.ErrorContains(t, err, "did not end in time")
		text, _ = os.ReadFile(name)
	}
	var pid int
	_, err := fmt.Sscan(string(text), &pid)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		if syscall.Kill(pid, 0) != nil {
			return true
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)) // nobody may have waited for it
		return err != nil || strings.Contains(string(stat), ") Z ")
	}, time.Minute, 5*time.Millisecond)
}
