package alerts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/endscope/endscope/test/programs"
)

// TestAFullDiskLosesNoAlert fills the disk of alerts.db while an alert fires. It is told of once there is room, and until then the server says
// that alerting does not work.
func TestAFullDiskLosesNoAlert(t *testing.T) {
	t.Parallel()
	disk := programs.NewDisk(t, "16m", programs.FoundVariable+"="+bin)
	if disk == nil {
		return
	}
	l := listen(t)
	s := newServer(t, "--alerts.watchdog.dead-man-url="+l.URL+"/alive", "--alerts.watchdog.dead-man-interval=5s", "--alerts.watchdog.dead-man-timeout=2s", "--alerts.watchdog.patience=10s")
	require.NoError(t, os.MkdirAll(s.Dir, 0o755))
	require.NoError(t, os.Symlink(filepath.Join(disk.Path, "alerts.db"), filepath.Join(s.Dir, "alerts.db")))
	s.start()
	s.call(http.MethodPost, "/api/v1/action-groups", map[string]any{
		"name": "oncall", "groupShortName": "oncall", "webhookReceivers": []any{map[string]any{"name": "common", "serviceUri": l.URL + "/common", "useCommonAlertSchema": true}},
	}, nil)
	s.call(http.MethodPost, "/api/v1/alert-rules", temperatures("Hot GPUs", "credit/*", map[string]any{"actions": []any{map[string]any{"actionGroupId": "oncall"}}}), nil)
	f := feed(t, s)
	f.set("credit/blue/b1", gpu, hot)
	f.set("credit/blue/b2", gpu, cold)
	eventually(t, func(context.Context) error {
		_, err := l.one(t, "/common", "b1", "Fired")
		return err
	})
	open, err := s.alerts(t.Context(), "")
	require.NoError(t, err)
	require.Len(t, open, 1)
	eventually(t, func(context.Context) error {
		if len(l.got("/alive")) == 0 {
			return errors.New("the dead-man URL is not asked")
		}
		return nil
	})

	disk.Fill()
	f.set("credit/blue/b2", gpu, hot)
	eventually(t, func(ctx context.Context) error {
		status, text, err := s.do(ctx, http.MethodGet, "/-/healthy", nil)
		if err == nil && status != http.StatusServiceUnavailable {
			err = fmt.Errorf("status %d: %s", status, text)
		}
		return err
	})
	_, text, err := s.do(t.Context(), http.MethodGet, "/-/healthy", nil)
	require.NoError(t, err)
	require.Contains(t, string(text), "alert store")
	require.Contains(t, string(text), "the disk is full")
	status, text, err := s.do(t.Context(), http.MethodPost, "/api/v1/alerts/"+open[0].ID+"/comments", map[string]any{"comment": "I look at it."})
	require.NoError(t, err)
	require.Equal(t, http.StatusInsufficientStorage, status, "%s", text)
	require.Contains(t, string(text), "/problems/storage-full")
	listed, err := s.alerts(t.Context(), "")
	require.NoError(t, err, "it is read all the same")
	require.Len(t, listed, 1)

	// It has fired by now, as the metric says of what could not be stored; nobody is told that alerting works.
	eventually(t, func(ctx context.Context) error {
		v, err := s.metric(ctx, `alerts_sink_failures_total`)
		if err == nil && v == 0 {
			err = errors.New("nothing had to be stored")
		}
		return err
	})
	withheld, err := s.metric(t.Context(), `alerts_dead_man_pings_total{result="withheld"}`)
	require.NoError(t, err)
	calls := len(l.got("/alive"))
	eventually(t, func(ctx context.Context) error {
		v, err := s.metric(ctx, `alerts_dead_man_pings_total{result="withheld"}`)
		if err == nil && v == withheld {
			err = errors.New("it has not been time for another call")
		}
		return err
	})
	require.Len(t, l.got("/alive"), calls)

	freed := time.Now()
	disk.Free()
	eventually(t, func(ctx context.Context) error {
		status, text, err := s.do(ctx, http.MethodGet, "/-/healthy", nil)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("status %d: %s", status, text)
		}
		return err
	})
	eventually(t, func(context.Context) error {
		fired, err := l.one(t, "/common", "b2", "Fired")
		if err == nil {
			require.True(t, fired.Data.Essentials.FiredDateTime.Before(freed), "it says when it fired, and not when there was room: %s", fired.Data.Essentials.FiredDateTime)
		}
		return err
	})
	eventually(t, func(context.Context) error {
		if len(l.got("/alive")) == calls {
			return errors.New("the dead-man URL is not asked again")
		}
		return nil
	})
	_, err = l.one(t, "/common", "b1", "Fired")
	require.NoError(t, err, "nobody is told twice of what was told before")
}
