package kql

import (
	"context"
	"errors"
	"io"
)

// Open runs the query and streams the rows of its first table. Close what it returns. Where SQL cannot compute in its types, the query is
// computed by the language's own rules instead, as long as no row was given.
func (p *Prepared) Open(ctx context.Context) (_ *Stream, err error) {
	defer recovered(&err)
	s, err := p.stream(ctx)
	if !errors.Is(err, ErrOutOfRange) || p.req.noSQL {
		return s, err
	}
	again, err := p.withoutSQL(ctx)
	if err != nil {
		return nil, err
	}
	return again.stream(ctx)
}

// withoutSQL prepares the same query for computing over rows.
func (p *Prepared) withoutSQL(ctx context.Context) (*Prepared, error) {
	req := p.req
	req.noSQL = true
	return p.engine.Prepare(ctx, req)
}

func (p *Prepared) stream(ctx context.Context) (*Stream, error) {
	limited, cancel := p.deadline(ctx)
	r := p.newRun(limited)
	rows, err := r.open(p.tables[0].root)
	if err != nil {
		err = p.explain(limited, err)
		cancel()
		return nil, errors.Join(place(err, p.req.Query), r.close())
	}
	return &Stream{rows: rows, p: p, r: r, outer: ctx, ctx: limited, cancel: cancel}, nil
}

// Stream is the rows of a query under the query's own deadline. It belongs to one goroutine.
type Stream struct {
	rows   Rows
	p      *Prepared
	r      *run
	outer  context.Context // of Open, without the deadline
	ctx    context.Context
	cancel context.CancelFunc
	began  bool // rows were given
}

// Next returns the next rows, io.EOF after the last. The context of Open bounds it.
func (s *Stream) Next(context.Context) (batch []Row, err error) {
	defer recovered(&err)
	batch, err = s.rows.Next(s.ctx)
	if errors.Is(err, ErrOutOfRange) && !s.began && !s.p.req.noSQL {
		if err := s.restart(); err != nil {
			return nil, err
		}
		batch, err = s.rows.Next(s.ctx)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, place(s.p.explain(s.ctx, err), s.p.req.Query)
	}
	s.began = true
	return batch, err
}

// restart begins anew without SQL.
func (s *Stream) restart() error {
	if err := s.Close(); err != nil {
		return err
	}
	again, err := s.p.withoutSQL(s.outer)
	if err != nil {
		return err
	}
	next, err := again.stream(s.outer)
	if err != nil {
		return err
	}
	*s = *next
	return nil
}

// Warnings says, after the last row, why rows that were acknowledged may be missing, such as a full disk.
func (s *Stream) Warnings() []string { return s.r.warnings }

// Close ends reading. It is safe after the end, and a second time.
func (s *Stream) Close() error {
	s.cancel()
	err := s.rows.Close()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, s.r.close())
}
