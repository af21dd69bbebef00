package receivers

import (
	"net/http"
	"testing"

	"github.com/prometheus/alertmanager/eventrecorder"
	"github.com/prometheus/alertmanager/featurecontrol"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

// Alertmanager's stage tries again for as long as a notifier says so. Our webhook has done that already when it gives up.
func TestAlertmanagersRetriesDoNotMultiplyOurs(t *testing.T) {
	l := listen(t, func(w http.ResponseWriter, _ call, n int) {
		if n <= 6 {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	k := newKit(t)
	metrics := notify.NewMetrics(prometheus.NewRegistry(), featurecontrol.NoopFlags{})
	stage := notify.NewRetryStage(k.one(t, group(t, "webhookReceivers", hookAt(l.URL))), "oncall", metrics, eventrecorder.NopRecorder())
	_, _, err := stage.Exec(about(t, example()), k.log, example())
	require.ErrorContains(t, err, "given up after 6 attempts")
	require.Len(t, l.got(), 6)
	k.clock.add(pause)
	_, _, err = stage.Exec(about(t, example()), k.log, example())
	require.NoError(t, err)
	require.Len(t, l.got(), 7)
}

// The other types leave retries to Alertmanager.
func TestAlertmanagerRetriesTheOtherTypes(t *testing.T) {
	l := listen(t, func(w http.ResponseWriter, c call, n int) {
		if n == 1 {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		serve(w, c, n)
	})
	k := newKit(t)
	metrics := notify.NewMetrics(prometheus.NewRegistry(), featurecontrol.NoopFlags{})
	stage := notify.NewRetryStage(k.one(t, stored(t, "slack", l.URL)), "oncall", metrics, eventrecorder.NopRecorder())
	_, _, err := stage.Exec(about(t, example()), k.log, example())
	require.NoError(t, err)
	require.Len(t, l.got(), 2)
}
