package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/endscope/endscope/internal/sqlite"
)

// ErrClosed says that the store was closed.
var ErrClosed = errors.New("the store of alerts is closed")

// maxTogether is how many waiting writes share one transaction.
const maxTogether = 256

// write is one caller's change. It runs on the writer's goroutine.
type write struct {
	run   func(*tx) error
	done  chan error
	taken atomic.Bool // by the writer, which runs it, or by its caller, who left before
}

// writer runs the writes of all callers on one connection. Those that wait while a commit is on its way to the disk share the next
// transaction, each in a savepoint of its own, so that one that fails does not take the others with it.
type writer struct {
	tx    *tx
	queue chan *write
	stop  chan struct{}
	gone  chan struct{}
	once  sync.Once

	failed atomic.Bool // a write failed for the disk, and no probe has succeeded since
}

// tx is the connection of the writer inside of a transaction. Statements are prepared once.
type tx struct {
	ctx        context.Context //nolint:containedctx // of the writer's life: a caller that leaves must not break a transaction of many
	conn       *sql.Conn
	statements map[string]*sql.Stmt
}

func newWriter(ctx context.Context, db *sql.DB) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{
		tx:    &tx{ctx: context.WithoutCancel(ctx), conn: conn, statements: map[string]*sql.Stmt{}},
		queue: make(chan *write, maxTogether), stop: make(chan struct{}), gone: make(chan struct{}),
	}
	go w.loop()
	return w, nil
}

// do runs f in a transaction and returns when that is on disk. f must not keep the tx. Where ctx ends before f's turn comes, f does not run.
func (w *writer) do(ctx context.Context, f func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	op := &write{run: f, done: make(chan error, 1)}
	select {
	case <-w.gone:
		return ErrClosed
	default:
	}
	select {
	case w.queue <- op:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.gone:
		return ErrClosed
	}
	select {
	case err := <-op.done:
		return err
	case <-w.gone:
	case <-ctx.Done():
		if op.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		select { // it runs, and may touch what belongs to the caller
		case err := <-op.done:
			return err
		case <-w.gone:
		}
	}
	select {
	case err := <-op.done:
		return err
	default:
		return ErrClosed
	}
}

func (w *writer) loop() {
	defer close(w.gone)
	for {
		select {
		case <-w.stop:
			return
		case first := <-w.queue:
			w.together(w.collect(first))
		}
	}
}

func (w *writer) collect(first *write) []*write {
	batch := []*write{first}
	for len(batch) < maxTogether {
		select {
		case op := <-w.queue:
			batch = append(batch, op)
		default:
			return batch
		}
	}
	return batch
}

// together runs a batch in one transaction and tells every caller how its part went.
func (w *writer) together(batch []*write) {
	errs := make([]error, len(batch))
	err := w.tx.exec("BEGIN IMMEDIATE")
	for i, op := range batch {
		if err != nil {
			break
		}
		if op.taken.CompareAndSwap(false, true) {
			errs[i], err = w.tx.savepoint(op.run)
		}
	}
	if err == nil {
		err = w.tx.exec("COMMIT")
	}
	if err != nil {
		_ = w.tx.exec("ROLLBACK") // fails where there is no transaction any more
	}
	for i, op := range batch {
		if errs[i] == nil && err != nil {
			errs[i] = fmt.Errorf("write alerts: %w", err)
		}
		errs[i] = sqlite.Unwritable(errs[i])
		var unwritable *sqlite.UnwritableError
		if errors.As(errs[i], &unwritable) {
			w.failed.Store(true)
		}
		op.done <- errs[i]
	}
}

// savepoint runs f so that nothing of it stays when it fails. broken says that the whole transaction is lost.
func (t *tx) savepoint(f func(*tx) error) (failed, broken error) {
	if err := t.exec("SAVEPOINT one"); err != nil {
		return nil, err
	}
	if failed = f(t); failed != nil {
		broken = t.exec("ROLLBACK TO one")
	}
	if broken = errors.Join(broken, t.exec("RELEASE one")); broken != nil {
		broken = errors.Join(failed, broken) // a full disk ends the whole transaction
	}
	return failed, broken
}

func (w *writer) close() error {
	w.once.Do(func() { close(w.stop) })
	<-w.gone
	var errs []error
	for _, s := range w.tx.statements {
		errs = append(errs, s.Close())
	}
	w.tx.statements = nil
	return errors.Join(append(errs, w.tx.conn.Close())...)
}

func (t *tx) statement(query string) (*sql.Stmt, error) {
	s := t.statements[query]
	if s == nil {
		var err error
		if s, err = t.conn.PrepareContext(t.ctx, query); err != nil {
			return nil, err
		}
		t.statements[query] = s
	}
	return s, nil
}

func (t *tx) exec(query string, args ...any) error {
	_, err := t.change(query, args...)
	return err
}

// change returns how many rows a statement changed.
func (t *tx) change(query string, args ...any) (int64, error) {
	s, err := t.statement(query)
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (t *tx) row(query string, args []any, into ...any) error {
	s, err := t.statement(query)
	if err != nil {
		return err
	}
	return s.QueryRowContext(t.ctx, args...).Scan(into...)
}
