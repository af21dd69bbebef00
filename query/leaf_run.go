package query

import (
	"context"
	"fmt"

	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// leafRun folds a run of neighbouring series.
type leafRun struct {
	read     *leafRead
	from, to int
	folds    []leafFold     // one for each pass
	cells    [][]*leafCells // by leaf and group
	floats   []floatSample  // of a chunk
	samples  int64
	err      error
}

func newLeafRun(r *leafRead, from, to int) *leafRun {
	run := &leafRun{read: r, from: from, to: to, cells: make([][]*leafCells, len(r.leaves))}
	for i, groups := range r.groups {
		run.cells[i] = make([]*leafCells, len(groups))
	}
	for _, pass := range r.passes {
		var leaves []*leaf
		for _, i := range pass {
			leaves = append(leaves, r.leaves[i])
		}
		run.folds = append(run.folds, newLeafFold(leaves))
	}
	return run
}

func (run *leafRun) do(ctx context.Context) (err error) {
	defer func() { err = recovered(recover(), err) }()
	for i := run.from; i < run.to; i++ {
		run.start(i)
		series := run.read.series[i]
		for _, c := range run.read.chunks[series.from:series.to] {
			if err := run.read.held.stopped(ctx); err != nil {
				return err
			}
			if err := run.chunk(c); err != nil {
				return err
			}
		}
		for k := range run.folds {
			run.folds[k].finish()
		}
	}
	return nil
}

// recovered returns the error for what recover returned, such as for damaged data, and err if that is nil. The stock engine does the same.
func recovered(e any, err error) error {
	if e != nil {
		return fmt.Errorf("unexpected error: %v", e)
	}
	return err
}

// start prepares the folds for a series.
func (run *leafRun) start(series int) {
	r := run.read
	for p, pass := range r.passes {
		f := &run.folds[p]
		for k, i := range pass {
			group := r.of[series*len(r.leaves)+i]
			if run.cells[i][group] == nil {
				run.cells[i][group] = newLeafCells(r.leaves[i], &r.held)
			}
			f.sinks[k].cells = run.cells[i][group]
		}
		f.start(r.series[series].metric)
	}
}

// chunk lets all folds take the samples of a chunk.
func (run *leafRun) chunk(c chunkenc.Chunk) error {
	from, to := run.read.leaves[0].from(), run.read.leaves[0].to()
	if c.Encoding() == chunkenc.EncXOR {
		return run.floatChunk(c.Bytes(), from, to)
	}
	for k := range run.folds {
		n, err := run.folds[k].chunk(c, from, to)
		if err != nil {
			return err
		}
		if k == 0 {
			run.samples += n
		}
	}
	return nil
}

// floatChunk decodes a chunk of floats once for all folds.
func (run *leafRun) floatChunk(b []byte, from, to int64) error {
	r := newFloatReader(b)
	var read int64
	run.floats, read = r.appendTo(run.floats[:0], from, to)
	run.samples += read
	for k := range run.folds {
		run.folds[k].addFloats(run.floats)
	}
	return r.err
}
