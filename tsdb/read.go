package tsdb

import (
	"context"
	"sync"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// Querier returns a querier over [mint, maxt], milliseconds since the epoch, both inclusive. It must be closed: the store does not
// close or reopen while one is open. Errors: ErrClosed, *NotReadyError.
func (s *Store) Querier(mint, maxt int64) (storage.Querier, error) {
	sess, err := s.session()
	if err != nil {
		return nil, err
	}
	q, err := sess.db.Querier(mint, maxt)
	if err != nil {
		sess.release()
		return nil, err
	}
	return &heldQuerier{Querier: q, release: sync.OnceFunc(sess.release)}, nil
}

// ChunkQuerier is Querier for whole chunks.
func (s *Store) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	sess, err := s.session()
	if err != nil {
		return nil, err
	}
	q, err := sess.db.ChunkQuerier(mint, maxt)
	if err != nil {
		sess.release()
		return nil, err
	}
	return &heldChunkQuerier{ChunkQuerier: q, release: sync.OnceFunc(sess.release)}, nil
}

// ExemplarQuerier returns a querier over the exemplars in memory. Errors: ErrClosed, *NotReadyError.
func (s *Store) ExemplarQuerier(ctx context.Context) (storage.ExemplarQuerier, error) {
	return &exemplarQuerier{store: s, ctx: ctx}, s.Ready()
}

func (s *Store) session() (*session, error) {
	if sess := s.acquire(); sess != nil {
		return sess, nil
	}
	if err := s.Ready(); err != nil {
		return nil, err
	}
	return nil, s.notReady() // it became ready this very moment
}

type heldQuerier struct {
	storage.Querier
	release func()
}

func (q *heldQuerier) Close() error {
	defer q.release()
	return q.Querier.Close()
}

type heldChunkQuerier struct {
	storage.ChunkQuerier
	release func()
}

func (q *heldChunkQuerier) Close() error {
	defer q.release()
	return q.ChunkQuerier.Close()
}

// exemplarQuerier holds the session only while it selects, since exemplar queriers have no Close.
type exemplarQuerier struct {
	store *Store
	ctx   context.Context // as the interface hands it over: for the one query that this querier serves
}

func (q *exemplarQuerier) Select(start, end int64, matchers ...[]*labels.Matcher) ([]exemplar.QueryResult, error) {
	sess, err := q.store.session()
	if err != nil {
		return nil, err
	}
	defer sess.release()
	eq, err := sess.db.ExemplarQuerier(q.ctx)
	if err != nil {
		return nil, err
	}
	return eq.Select(start, end, matchers...)
}
