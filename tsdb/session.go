package tsdb

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	promtsdb "github.com/prometheus/prometheus/tsdb"
)

// session is one opened TSDB. A store has one at a time, and a new one after it had to reopen.
type session struct {
	db    *promtsdb.DB
	users sync.WaitGroup // queriers and commits that hold the session

	syncMu   sync.Mutex // guards wal and wbl
	wal, wbl *logSyncer

	wblFailures prometheus.Collector // counts failed writes of late samples, which the TSDB only logs
	wblFailed   float64              // its value at the last look; only runCommits looks
}

// openSession opens the TSDB, which replays its log, and finds the log's end. Replay is told through s.stats.
func (s *Store) openSession(state string) (*session, error) {
	stats := promtsdb.NewDBStats()
	s.mu.Lock()
	s.state, s.stats = state, stats
	s.mu.Unlock()
	if counted, ok := s.series.(interface{ Reset() }); ok {
		counted.Reset() // replay tells it of every series again
	}
	reg := &capturing{Registry: prometheus.NewRegistry()}
	db, err := promtsdb.Open(s.dir, s.log, reg, s.options(), stats)
	if err != nil {
		return nil, err
	}
	sess := &session{db: db, wblFailures: reg.wblFailures}
	if s.watch != nil {
		err = s.watch.Opened(context.Background(), db)
	}
	if err == nil {
		sess.wal, err = openLogSyncer(filepath.Join(s.dir, walDir))
	}
	if err == nil {
		sess.wbl, err = openLogSyncer(filepath.Join(s.dir, wblDir))
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s.metrics.upstream.Store(reg.Registry)
	return sess, nil
}

// publish makes sess the one that reads and writes use.
func (s *Store) publish(sess *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.stats = sess, nil
}

// acquire returns the current session, held until release, or nil when there is none.
func (s *Store) acquire() *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil {
		s.current.users.Add(1)
	}
	return s.current
}

func (sess *session) release() { sess.users.Done() }

// withdraw takes the current session away from new users, waits for those that hold it and returns it; nil when there was none.
func (s *Store) withdraw(state string) *session {
	s.mu.Lock()
	sess := s.current
	s.current, s.state = nil, state
	s.mu.Unlock()
	if sess != nil {
		sess.users.Wait()
	}
	return sess
}

func (sess *session) close() error {
	sess.syncMu.Lock()
	sess.wal.close()
	sess.wbl.close()
	sess.syncMu.Unlock()
	return sess.db.Close()
}

// lateFailure returns an error if the TSDB could not log late samples since the last look: it keeps them in memory and says nothing.
func (sess *session) lateFailure() error {
	if sess.wblFailures == nil {
		return nil // no out-of-order window, no late samples
	}
	ch := make(chan prometheus.Metric, 1)
	sess.wblFailures.Collect(ch)
	var m dto.Metric
	if err := (<-ch).Write(&m); err != nil {
		return fmt.Errorf("read counter of failed log writes: %w", err)
	}
	failed := m.GetCounter().GetValue()
	if failed == sess.wblFailed {
		return nil
	}
	sess.wblFailed = failed
	return errors.New("late samples could not be logged")
}

// capturing is a registry that remembers the TSDB's counter of failed writes to the log of late samples, which has no other handle.
type capturing struct {
	*prometheus.Registry
	wblFailures prometheus.Collector
}

func (c *capturing) Register(collector prometheus.Collector) error {
	if err := c.Registry.Register(collector); err != nil {
		return err
	}
	descs := make(chan *prometheus.Desc, 1)
	go func() {
		collector.Describe(descs)
		close(descs)
	}()
	for d := range descs {
		if strings.Contains(d.String(), `"prometheus_tsdb_out_of_order_wbl_writes_failed_total"`) {
			c.wblFailures = collector
		}
	}
	return nil
}

func (c *capturing) MustRegister(collectors ...prometheus.Collector) {
	for _, collector := range collectors {
		if err := c.Register(collector); err != nil {
			panic(err) // what Registerer promises
		}
	}
}
