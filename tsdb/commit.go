package tsdb

import (
	"context"
	"fmt"
	"math"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/prometheus/storage"
)

const (
	maxGroup   = 256 // writes in one commit
	queueSize  = 4 * maxGroup
	syncBehind = 4 // committed groups that may wait for the disk before the next commit waits too
)

// write is one caller's function on its way through the pipeline. done receives exactly one value.
type write struct {
	append func(storage.AppenderV2)
	failed error // the function panicked; nil otherwise
	done   chan error
}

var writes = sync.Pool{New: func() any { return &write{done: make(chan error, 1)} }}

// group is a set of writes that share one commit. err is set when it failed before the sync.
type group struct {
	session *session
	writes  []*write
	start   time.Time
}

// Write calls append with an appender that it shares with other writes, commits and, with sync=commit, returns only when the
// samples are on disk. The appender is also a storage.ExemplarAppender, for exemplars that come without a sample. append runs on another goroutine, before Write returns; it must not keep the appender, commit it or roll
// it back. A sample that the appender refuses concerns only its own write.
//
// Errors: ErrClosed, *NotReadyError, *UnwritableError, ctx's error while the write still waits in the queue. After any error the
// sender should retry: samples that were stored all the same are accepted again silently.
func (s *Store) Write(ctx context.Context, append func(storage.AppenderV2)) error {
	if err := s.writable(); err != nil {
		return err
	}
	w := writes.Get().(*write)
	w.append = append
	select {
	case s.queue <- w:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return ErrClosed
	}
	select {
	case err := <-w.done:
		w.append, w.failed = nil, nil
		writes.Put(w)
		return err
	case <-s.drained: // the store was closed with this write still in the queue
		return ErrClosed
	}
}

// runCommits takes what waits in the queue, commits it as one group and hands the group to the syncer, until the store closes.
// There is one such goroutine: the record that creates a series must come before its samples in the log, and only one
// appender at a time guarantees that for two writes that bring the same new series.
func (s *Store) runCommits() {
	defer close(s.commits)
	for {
		var first *write
		select {
		case first = <-s.queue:
		case <-s.closing:
			select {
			case first = <-s.queue: // what was accepted before closing is still written
			default:
				return
			}
		}
		g := group{writes: []*write{first}, start: time.Now()}
		for len(g.writes) < maxGroup {
			select {
			case w := <-s.queue:
				g.writes = append(g.writes, w)
				continue
			default:
			}
			break
		}
		s.commit(&g)
	}
}

// commit appends and commits the group and passes it on, or answers it with the error.
func (s *Store) commit(g *group) {
	if err := s.writable(); err != nil {
		g.answer(err)
		return
	}
	if err := s.reserve.check(); err != nil {
		s.metrics.refusedGroups.Inc()
		g.answer(err)
		return
	}
	sess := s.acquire()
	if sess == nil {
		g.answer(s.notReady())
		return
	}
	g.session = sess
	app := &appender{AppenderV2: sess.db.AppenderV2(context.Background()), db: sess.db, watch: s.watch, watermark: math.MinInt64}
	if s.watch != nil {
		app.watermark = s.watch.Watermark()
	}
	for _, w := range g.writes {
		w.run(app, s)
	}
	err := app.commit()
	if err == nil {
		err = sess.lateFailure()
	}
	if err != nil {
		sess.release()
		g.answer(s.fail("append to the write-ahead log", err))
		return
	}
	s.metrics.groupWrites.Observe(float64(len(g.writes)))
	if s.cfg.Sync != SyncCommit {
		sess.release()
		g.answer(nil)
		return
	}
	s.commits <- *g
}

// run calls the writer's function. A panic in it is that writer's failure alone.
func (w *write) run(app storage.AppenderV2, s *Store) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("append function panicked", "panic", p, "stack", string(debug.Stack()))
			s.metrics.panics.Inc()
			w.failed = fmt.Errorf("append: internal error: %v", p)
		}
	}()
	w.append(app)
}

func (g *group) answer(err error) {
	for _, w := range g.writes {
		if w.failed != nil {
			w.done <- w.failed
			continue
		}
		w.done <- err
	}
}

// runSyncs makes committed groups durable and acknowledges them: all groups that were committed while the previous sync ran share
// the next one. It returns when runCommits has ended and everything is answered.
func (s *Store) runSyncs() {
	tick := time.NewTicker(s.cfg.SyncInterval)
	defer tick.Stop()
	for {
		select {
		case g, open := <-s.commits:
			if !open {
				return
			}
			s.syncGroups(g)
		case <-tick.C:
			// With sync=commit this only follows the log into new segments while nobody writes.
			if sess := s.acquire(); sess != nil {
				if err := s.syncSession(sess); err != nil && s.cfg.Sync != SyncOff {
					_ = s.fail("sync the write-ahead log", err)
				}
				sess.release()
			}
		}
	}
}

func (s *Store) syncGroups(first group) {
	groups := []group{first}
	for len(groups) < syncBehind {
		select {
		case g, open := <-s.commits:
			if open {
				groups = append(groups, g)
				continue
			}
		default:
		}
		break
	}
	// All groups of one queue belong to one session unless the store was reopened between them.
	var err error
	for i, g := range groups {
		if i == 0 || g.session != groups[i-1].session {
			err = nil
			if syncErr := s.syncSession(g.session); syncErr != nil {
				err = s.fail("sync the write-ahead log", syncErr)
			}
		}
		g.session.release()
		s.metrics.commitSeconds.Observe(time.Since(g.start).Seconds())
		g.answer(err)
	}
}

// syncSession makes durable whatever the session has written.
func (s *Store) syncSession(sess *session) error {
	if s.cfg.Sync == SyncOff {
		return nil
	}
	sess.syncMu.Lock()
	defer sess.syncMu.Unlock()
	start := time.Now()
	did, err := sess.wal.sync()
	if err != nil {
		return err
	}
	didLate, err := sess.wbl.sync()
	if err != nil {
		return err
	}
	if did || didLate {
		s.metrics.syncs.Inc()
		s.metrics.syncSeconds.Observe(time.Since(start).Seconds())
	}
	return nil
}
