package kube

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	podName = "llama-blue-6d5f7c9b8-x2x4z"
	podUID  = "661b7bfb-c4cf-4d86-a3ee-5d2acf528920"
	podPath = "/api/v1/namespaces/models/pods/" + podName
)

// cluster is an API server on loopback with TLS, and the folder of a service account for it.
type cluster struct {
	dir    string
	server *httptest.Server

	mu     sync.Mutex
	token  string // that is accepted
	asked  []string
	answer func(w http.ResponseWriter, r *http.Request) // after the token was checked
}

func newCluster(t *testing.T, answer func(w http.ResponseWriter, r *http.Request)) *cluster {
	t.Helper()
	c := &cluster{dir: t.TempDir(), token: "first", answer: answer}
	c.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.asked = append(c.asked, r.Method+" "+r.URL.String())
		token := c.token
		c.mu.Unlock()
		if r.Header.Get("Authorization") != "Bearer "+token {
			status(w, 401, "Unauthorized", "Unauthorized")
			return
		}
		c.answer(w, r)
	}))
	c.server.Config.ErrorLog = log.New(io.Discard, "", 0) // a refused certificate is no news
	c.server.StartTLS()
	t.Cleanup(c.server.Close)
	c.write(t, "token", "first\n")
	c.write(t, "namespace", "models")
	c.write(t, "ca.crt", certOf(c.server))
	return c
}

func certOf(s *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

func (c *cluster) write(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600))
}

func (c *cluster) client(t *testing.T, timeout time.Duration) *Client {
	t.Helper()
	u, err := url.Parse(c.server.URL)
	require.NoError(t, err)
	client, err := InCluster(ClientSettings{AccountDir: c.dir, Timeout: timeout, Getenv: func(name string) string {
		return map[string]string{"KUBERNETES_SERVICE_HOST": u.Hostname(), "KUBERNETES_SERVICE_PORT": u.Port()}[name]
	}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	return client
}

// status is how Kubernetes says an error.
func status(w http.ResponseWriter, code int, reason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":%q,"reason":%q,"code":%d}`, message, reason, code)
}

func recorded(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name)) // of a kube-apiserver 1.32.4
	require.NoError(t, err)
	return string(text)
}

func say(text string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestThePodIsReadAsKubernetesSaysIt(t *testing.T) {
	c := newCluster(t, say(recorded(t, "pod.json")))
	p, err := c.client(t, time.Minute).Pod(t.Context(), "models", podName)
	require.NoError(t, err)
	require.Equal(t, []string{"GET " + podPath}, c.asked)
	require.Contains(t, p.Annotations["kubectl.kubernetes.io/last-applied-configuration"], `"kind":"Pod"`)
	p.Annotations = nil
	model, loader, agent := p.Containers[2], p.Containers[0], p.Containers[1]
	p.Containers = nil
	require.Equal(t, Pod{
		Namespace: "models", Name: podName, UID: podUID, Node: "gpu-1", Phase: "Running", Created: at("2026-11-27T23:21:11Z"),
		Labels: map[string]string{"app": "llama", "pod-template-hash": "6d5f7c9b8", "endscope.io/endpoint": "llama", "endscope.io/deployment": "blue"},
	}, p)
	require.Equal(t, "endscope-agent", agent.Name)
	require.Equal(t, at("2026-11-27T20:01:36Z"), agent.State.Running.StartedAt)
	require.True(t, loader.Init && loader.State.Terminated.Reason == "Completed" && loader.LastState == State{})
	require.Equal(t, "vllm/vllm-openai:v0.12.0", model.Image, "as the pod asks for it, not as the runtime spells it")
	require.Equal(t, 1, model.RestartCount)
	require.False(t, model.Ready || model.Init)
	require.Equal(t, &Terminated{
		Reason: "OOMKilled", ExitCode: 137, StartedAt: at("2026-11-27T20:01:37Z"), FinishedAt: at("2026-11-27T20:09:12Z"), ContainerID: "containerd://03",
	}, model.LastState.Terminated)
	require.Nil(t, model.State.Terminated)
}

func TestEventsAreReadAsKubernetesSaysThem(t *testing.T) {
	c := newCluster(t, say(recorded(t, "events.json")))
	events, err := c.client(t, time.Minute).Events(t.Context(), "models", podUID)
	require.NoError(t, err)
	require.Equal(t, []string{"GET /api/v1/namespaces/models/events?fieldSelector=involvedObject.uid%3D" + podUID + "&limit=500"}, c.asked)
	require.Len(t, events, 8)
	// The scheduler writes a time and no count, the kubelet first, last and count.
	require.Equal(t, Event{
		UID: events[0].UID, Reason: "Scheduled", Message: "Successfully assigned models/" + podName + " to gpu-1", Component: "default-scheduler",
		Count: 1, First: at("2026-11-27T20:00:00.123456Z"), Last: at("2026-11-27T20:00:00.123456Z"),
	}, events[0])
	require.Equal(t, Event{
		UID: events[5].UID, Reason: "Unhealthy", Message: `Readiness probe failed: Get "http://10.1.2.3:8000/health": dial tcp 10.1.2.3:8000: connect: connection refused`,
		Warning: true, Component: "kubelet", Container: "model", Count: 31, First: at("2026-11-27T20:01:50Z"), Last: at("2026-11-27T20:10:20Z"),
	}, events[5])
	_, err = newCluster(t, say(`{"kind":"EventList","items":[{"metadata":{"uid":"1"},"involvedObject":{"uid":"other"}}]}`)).client(t, time.Minute).Events(t.Context(), "models", podUID)
	require.NoError(t, err)
}

func TestEventsInSeriesCountWhatTheSeriesCounts(t *testing.T) {
	c := newCluster(t, say(`{"kind":"EventList","items":[
{"metadata":{"uid":"1","creationTimestamp":"2026-01-01T00:00:01Z"},"involvedObject":{"uid":"u","fieldPath":"spec.initContainers{fetch}"},"eventTime":"2026-01-01T00:00:00.5Z","series":{"count":7,"lastObservedTime":"2026-01-01T00:01:00.25Z"}},
{"metadata":{"uid":"2","creationTimestamp":"2026-01-01T00:00:01Z"},"involvedObject":{"uid":"u","fieldPath":"spec.containers{"},"count":-3,"firstTimestamp":null,"lastTimestamp":null,"eventTime":null},
{"metadata":{"uid":"3"},"involvedObject":{"uid":"other"},"reason":"NotOfThisPod"}]}`))
	events, err := c.client(t, time.Minute).Events(t.Context(), "models", "u")
	require.NoError(t, err)
	require.Equal(t, []Event{
		{UID: "1", Container: "fetch", Count: 7, First: at("2026-01-01T00:00:00.5Z"), Last: at("2026-01-01T00:01:00.25Z")},
		{UID: "2", Count: 1, First: at("2026-01-01T00:00:01Z"), Last: at("2026-01-01T00:00:01Z")},
	}, events)
}

// page is an EventList of n events of pod u, from number first on.
func page(first, n int, next string) string {
	var items []string
	for i := range n {
		items = append(items, fmt.Sprintf(`{"metadata":{"uid":"e%d"},"involvedObject":{"uid":"u"}}`, first+i))
	}
	return fmt.Sprintf(`{"kind":"EventList","metadata":{"continue":%q},"items":[%s]}`, next, strings.Join(items, ","))
}

func TestLongListsComeInPages(t *testing.T) {
	var gone int // how many second pages are refused
	c := newCluster(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("continue") {
		case "":
			say(page(0, 500, "two"))(w, r)
		case "two":
			if gone > 0 {
				gone--
				status(w, http.StatusGone, "Expired", "The provided continue parameter is too old to display a consistent list result.")
				return
			}
			say(page(500, 3, ""))(w, r)
		}
	})
	client := c.client(t, time.Minute)
	events, err := client.Events(t.Context(), "models", "u")
	require.NoError(t, err)
	require.Len(t, events, 503)
	require.Contains(t, c.asked[1], "continue=two")

	gone = 1
	events, err = client.Events(t.Context(), "models", "u")
	require.NoError(t, err, "an expired list is begun anew")
	require.Len(t, events, 503, "and nothing is in it twice")

	gone = 2
	_, err = client.Events(t.Context(), "models", "u")
	require.ErrorContains(t, err, "list events in namespace models: the cluster answers 410 Expired: The provided continue parameter is too old")

	endless := 0
	c.answer = func(w http.ResponseWriter, r *http.Request) {
		endless++
		say(page(endless*500, 500, fmt.Sprint(endless)))(w, r)
	}
	events, err = client.Events(t.Context(), "models", "u")
	require.ErrorIs(t, err, ErrTooManyEvents)
	require.Len(t, events, maxEvents)

	c.answer = say(page(0, 1, "same"))
	_, err = client.Events(t.Context(), "models", "u")
	require.ErrorContains(t, err, "the list does not go on")
}

func TestTokenAndCertificatesAreReadAnew(t *testing.T) {
	c := newCluster(t, say(recorded(t, "pod.json")))
	client := c.client(t, time.Minute)
	ask := func() error { _, err := client.Pod(t.Context(), "models", podName); return err }
	require.NoError(t, ask())
	c.mu.Lock()
	c.token = "second"
	c.mu.Unlock()
	require.EqualError(t, ask(), "get pod "+podName+" in namespace models: the cluster does not accept the service account's token (401): Unauthorized")
	c.write(t, "token", "second")
	require.NoError(t, ask())

	c.write(t, "ca.crt", "")
	require.ErrorContains(t, ask(), "ca.crt holds none")
	c.write(t, "ca.crt", certOf(c.server))
	require.NoError(t, ask())

	for name, text := range map[string]string{"empty": " \n", "two lines": "a\nb"} {
		c.write(t, "token", text)
		require.ErrorContains(t, ask(), "holds no token", name)
	}
	c.write(t, "token", strings.Repeat("x", maxToken+1))
	require.ErrorContains(t, ask(), "larger than")
	require.NoError(t, os.Remove(filepath.Join(c.dir, "token")))
	require.ErrorContains(t, ask(), "token of the service account")
}

func TestAServerWithAnotherCertificateGetsNoToken(t *testing.T) {
	asked := false
	c := newCluster(t, func(http.ResponseWriter, *http.Request) { asked = true })
	c.write(t, "ca.crt", foreignCA)
	_, err := c.client(t, time.Minute).Pod(t.Context(), "models", podName)
	require.ErrorContains(t, err, "does not answer: tls: failed to verify certificate: x509")
	require.False(t, asked)
}

func TestRefusalsSayWhatIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request)
		code   int
		want   string
	}{
		"no Role": {
			func(w http.ResponseWriter, _ *http.Request) {
				status(w, 403, "Forbidden", `pods "`+podName+`" is forbidden: User "system:serviceaccount:models:agent" cannot get resource "pods" in API group "" in the namespace "models"`)
			}, 403,
			"get pod " + podName + ` in namespace models: forbidden (403): the pod's service account needs a Role in namespace models with apiGroups [""], resources [pods], verbs [get]: pods "`,
		},
		"no pod":        {func(w http.ResponseWriter, _ *http.Request) { status(w, 404, "NotFound", "pods not found") }, 404, "not found (404): pods not found"},
		"a proxy's 502": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(502); say("<html>bad gateway")(w, nil) }, 502, "the cluster answers 502 : <html>bad gateway"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}, 302, "the cluster answers 302"},
		"a long error": {
			func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(500)
				say(strings.Repeat("ü", maxError))(w, nil)
			}, 500, strings.Repeat("ü", 499) + "…",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newCluster(t, c.answer).client(t, time.Minute).Pod(t.Context(), "models", podName)
			require.ErrorContains(t, err, c.want)
			e, ok := errors.AsType[*APIError](err)
			require.True(t, ok)
			require.Equal(t, c.code, e.Code)
			require.LessOrEqual(t, len(e.Message), 1100)
		})
	}
	_, err := newCluster(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		status(w, 429, "TooManyRequests", "slow down")
	}).client(t, time.Minute).Events(t.Context(), "models", "u")
	e, _ := errors.AsType[*APIError](err)
	require.Equal(t, 7*time.Second, e.RetryAfter)
	require.Equal(t, "list events in namespace models: the cluster answers 429 TooManyRequests: slow down", e.Error())
}

func TestAnswersThatAreNone(t *testing.T) {
	for want, answer := range map[string]func(http.ResponseWriter, *http.Request){
		"the answer is not what Kubernetes says": say("<html>"),
		`the answer is a "Status" named ""`:      say(`{"kind":"Status"}`),
		`the answer is a "Pod" named "other"`:    say(`{"kind":"Pod","metadata":{"name":"other","uid":"1"}}`),
		"the answer is larger than":              say(`{"kind":"Pod","x":"` + strings.Repeat("x", maxBody) + `"}`),
		"the answer broke off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			say("{")(w, nil)
		},
		"does not answer: context deadline exceeded": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"the answer broke off: context deadline exceed": func(w http.ResponseWriter, r *http.Request) {
			say("{")(w, nil)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	} {
		t.Run(want, func(t *testing.T) {
			timeout := time.Minute
			if strings.Contains(want, "deadline") {
				timeout = 300 * time.Millisecond
			}
			_, err := newCluster(t, answer).client(t, timeout).Pod(t.Context(), "models", podName)
			require.ErrorContains(t, err, want)
		})
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err := newCluster(t, say("")).client(t, time.Minute).Pod(ctx, "models", podName)
	require.ErrorIs(t, err, context.Canceled)
}

func TestOutsideAClusterNothingRuns(t *testing.T) {
	dir := t.TempDir()
	in := func(host, port string) error {
		_, err := InCluster(ClientSettings{AccountDir: dir, Getenv: func(name string) string {
			return map[string]string{"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}[name]
		}})
		return err
	}
	require.ErrorIs(t, in("", ""), ErrNotInCluster)
	require.EqualError(t, in("10.0.0.1", "443"), "not in a Kubernetes pod with a service account: no token in "+dir+"; is automountServiceAccountToken false?")
	require.ErrorIs(t, in("10.0.0.1", "443"), ErrNotInCluster)
	require.ErrorContains(t, in("10.0.0.1", "https"), "is no port")
	require.ErrorContains(t, in("evil@host", "443"), "is no host")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "token"), []byte("x"), 0o600))
	require.NoError(t, in("10.0.0.1", "443"))
	c, err := InCluster(ClientSettings{AccountDir: dir, Getenv: func(name string) string {
		return map[string]string{"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}[name]
	}})
	require.NoError(t, err)
	require.Equal(t, "https://[fd00::1]:443", c.Server())
	require.Empty(t, c.Namespace())
	_, err = c.Pod(t.Context(), "a", "b")
	require.ErrorContains(t, err, "certificates of the cluster")
}

func FuzzFieldPath(f *testing.F) {
	f.Add("spec.containers{model}")
	f.Add("spec.containers{")
	f.Add("}{")
	f.Fuzz(func(t *testing.T, path string) {
		if name := containerOf(path); name != "" {
			require.True(t, strings.HasSuffix(path, "{"+name+"}"))
		}
	})
}
