package alerts

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	_ "github.com/endscope/endscope/internal/sqlite" // has the driver
	"github.com/endscope/endscope/internal/subproc"
)

// metric returns the value of a series of the server's own metrics, such as name or name{label="value"}.
func (s *server) metric(ctx context.Context, series string) (float64, error) {
	body, err := subproc.Get(ctx, s.URL()+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(body)) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			return strconv.ParseFloat(strings.TrimSpace(rest), 64)
		}
	}
	return 0, fmt.Errorf("there is no %s", series)
}

// TestTheDeadManStopsWhereNothingCanBeStored holds the lock of alerts.db, so that no alert can be stored, and lets it go again.
func TestTheDeadManStopsWhereNothingCanBeStored(t *testing.T) {
	t.Parallel()
	l := listen(t)
	s := startServer(t, "--alerts.watchdog.dead-man-url="+l.URL+"/alive", "--alerts.watchdog.dead-man-interval=5s", "--alerts.watchdog.dead-man-timeout=2s", "--alerts.watchdog.patience=10s")
	healthy := func(want int) func(context.Context) error {
		return func(ctx context.Context) error {
			status, text, err := s.do(ctx, http.MethodGet, "/-/healthy", nil)
			if err == nil && status != want {
				err = fmt.Errorf("status %d instead of %d: %s", status, want, text)
			}
			return err
		}
	}
	eventually(t, func(context.Context) error {
		if len(l.got("/alive")) == 0 {
			return errors.New("the dead-man URL is not asked")
		}
		return nil
	})
	require.NoError(t, healthy(http.StatusOK)(t.Context()))

	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Dir, "alerts.db")+"?_txlock=immediate&_pragma=busy_timeout(10000)")
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	tx, err := db.Begin()
	require.NoError(t, err)
	_, err = tx.Exec("UPDATE heartbeat SET at = at")
	require.NoError(t, err)
	eventually(t, healthy(http.StatusServiceUnavailable))
	_, text, err := s.do(t.Context(), http.MethodGet, "/-/healthy", nil)
	require.NoError(t, err)
	require.Contains(t, string(text), "alert store")
	value, err := s.metric(t.Context(), "alerts_watchdog_healthy")
	require.NoError(t, err)
	require.Zero(t, value)
	withheld := func(ctx context.Context) (float64, error) {
		return s.metric(ctx, `alerts_dead_man_pings_total{result="withheld"}`)
	}
	eventually(t, func(ctx context.Context) error {
		n, err := withheld(ctx)
		if err == nil && n < 2 {
			err = errors.New("it has not been time for two calls")
		}
		return err
	})
	calls := len(l.got("/alive"))
	before, err := withheld(t.Context())
	require.NoError(t, err)
	eventually(t, func(ctx context.Context) error {
		n, err := withheld(ctx)
		if err == nil && n == before {
			err = errors.New("it has not been time for another call")
		}
		return err
	})
	require.Len(t, l.got("/alive"), calls, "nobody is told that alerting works")

	require.NoError(t, tx.Rollback())
	eventually(t, healthy(http.StatusOK))
	eventually(t, func(context.Context) error {
		if len(l.got("/alive")) == calls {
			return errors.New("the dead-man URL is not asked again")
		}
		return nil
	})
}
