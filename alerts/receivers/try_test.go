package receivers

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/alerts"
)

func sample(t *testing.T, kind string) alerts.Alert {
	t.Helper()
	a, ok := Sample(kind, fired)
	require.True(t, ok)
	return a
}

func TestATestTellsTheResultOfEachReceiver(t *testing.T) {
	good := listen(t, serve)
	bad := listen(t, func(w http.ResponseWriter, c call, _ int) { http.Error(w, "no such hook "+c.Path, http.StatusNotFound) })
	down := listen(t, func(w http.ResponseWriter, _ call, _ int) { w.WriteHeader(http.StatusServiceUnavailable) })
	m := newMailServer(t, false)
	k := newKit(t, m.use)
	g, err := alerts.ParseActionGroup(fmt.Appendf(nil, `{"name":"oncall","enabled":false,
		"emailReceivers":[{"name":"mail","emailAddress":"oncall@example.com","useCommonAlertSchema":true}],
		"webhookReceivers":[{"name":"good","serviceUri":"%[1]s/x","useCommonAlertSchema":true},{"name":"down","serviceUri":"%[3]s/hunter2"}],
		"slackReceivers":[{"name":"chat","api_url":"%[1]s/services/x"},{"name":"gone","api_url":"%[2]s/services/hunter2"}]}`, good.URL, bad.URL, down.URL))
	require.NoError(t, err)
	for _, kind := range SampleTypes() {
		results := k.Test(t.Context(), &g, sample(t, kind), nil)
		byName := map[string]TestResult{}
		for _, r := range results {
			byName[r.Receiver] = r
			noSecret(t, r.Detail, r.Receiver)
		}
		require.Len(t, byName, 5)
		for _, name := range []string{"good", "chat"} {
			require.Equal(t, Success, byName[name].Status, byName[name].Detail)
		}
		require.Equal(t, Failed, byName["gone"].Status)
		require.Contains(t, byName["gone"].Detail, "404")
		require.Equal(t, alerts.ReceiverSlack, byName["gone"].Type)
		require.Equal(t, Failed, byName["down"].Status)
		require.Contains(t, byName["down"].Detail, "503")
		if kind == SampleLog {
			require.Contains(t, byName["mail"].Detail, "limit of 2 tests a minute for this address")
		} else {
			require.Equal(t, Success, byName["mail"].Status, byName["mail"].Detail)
		}
	}
	require.Len(t, down.got(), len(SampleTypes()), "a test does not retry")
	require.Empty(t, k.clock.waits())
	for _, c := range good.got() {
		if c.Path == "/x" {
			require.Contains(t, string(c.Body), "azureMonitorCommonAlertSchema")
		} else {
			require.Contains(t, string(c.Body), "[Test]")
		}
	}
	require.Len(t, m.got(), 2)
	for _, l := range m.got() {
		msg, _ := parts(t, l)
		subject, err := (&mime.WordDecoder{}).DecodeHeader(msg.Header.Get("Subject"))
		require.NoError(t, err)
		require.Contains(t, subject, "Test")
	}
	checkFields(t, "common-metric-static", firstTo(t, good, "/x").json(t))
}

func firstTo(t *testing.T, l *listener, path string) call {
	t.Helper()
	for _, c := range l.got() {
		if c.Path == path {
			return c
		}
	}
	t.Fatal("nothing was sent to " + path)
	return call{}
}

func TestATestOfSomeReceivers(t *testing.T) {
	l := listen(t, serve)
	k := newKit(t)
	g := stored(t, "slack", l.URL)
	results := k.Test(t.Context(), g, sample(t, SampleMetricStatic), []string{"slack", "nobody"})
	require.Len(t, results, 2)
	require.Equal(t, Success, results[0].Status)
	require.Equal(t, TestResult{Receiver: "nobody", Status: Failed, Detail: "the group has no receiver of this name"}, results[1])
	bad := group(t, "slackReceivers", `{"name":"x","api_url":"https://a.b/hunter2","chanel":"#x"}`)
	results = k.Test(t.Context(), bad, sample(t, SampleMetricStatic), nil)
	require.Equal(t, Failed, results[0].Status)
	require.Contains(t, results[0].Detail, "slackReceivers[0].chanel: is no field of this receiver")
}

func TestATestEndsThoughReceiversHang(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(release) })
	k := newKit(t, quick)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, name := range []string{"slack", "webhook-common", "telegram"} {
		results := k.Test(ctx, stored(t, name, s.URL), sample(t, SampleMetricStatic), nil)
		require.Equal(t, Failed, results[0].Status)
		noSecret(t, results[0].Detail, name)
	}
	require.NoError(t, ctx.Err())
}

func TestSamplesAreKnown(t *testing.T) {
	_, ok := Sample("activity-log", fired)
	require.False(t, ok)
	for _, kind := range SampleTypes() {
		a := sample(t, kind)
		require.NotEmpty(t, a.ID)
		require.NotEmpty(t, newKit(t).summary(&a))
	}
}
