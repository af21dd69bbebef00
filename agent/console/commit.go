package console

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/endscope/endscope/agent/records"
)

// take takes a row of any file into the batch.
func (t *tailer) take(row records.Console) {
	t.rows = append(t.rows, row)
	t.size += len(row.Message)
}

// commitFull commits when the batch is large.
func (t *tailer) commitFull(ctx context.Context) {
	if len(t.rows) >= batchRows || t.size >= batchSize {
		t.commit(ctx)
	}
}

// commit puts the batch on disk, and then remembers how far the files were read. It tries until that works or ctx ends; reading waits meanwhile.
func (t *tailer) commit(ctx context.Context) {
	now := time.Now()
	if len(t.rows) == 0 {
		if now.Sub(t.saved) >= time.Second {
			t.save(now)
		}
		return
	}
	if !t.p.append(ctx, t.rows) {
		return
	}
	t.rows, t.size = nil, 0
	t.dirty = true
	t.save(now)
}

// append gives rows to Settings.Append until it takes them, and returns false if ctx ends before.
func (p *Pipeline) append(ctx context.Context, rows []records.Console) bool {
	for wait := time.Second; ; wait = min(2*wait, 30*time.Second) {
		err := p.set.Append(ctx, slices.Clone(rows))
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		p.log.Error("rows of the console cannot be kept; they wait in their files", "rows", len(rows), "err", err)
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
	}
}

// save writes the positions of all files, if they have changed. Rows that are still in the batch are not counted as read.
func (t *tailer) save(now time.Time) {
	if len(t.rows) > 0 {
		return
	}
	for _, f := range t.files {
		p := f.position(now)
		if p.Offset != f.kept.Offset || p.Head != f.kept.Head || p.fileID != f.kept.fileID || p.Size != f.kept.Size || p.Path != f.kept.Path || p.Rotated != f.kept.Rotated {
			t.dirty = true
			f.kept = p
		}
		t.known[f.id] = f.kept
	}
	if !t.dirty {
		return
	}
	t.saved = now
	err := t.store.update(func(d *positionData) {
		d.Files = d.Files[:0]
		for _, p := range t.known {
			d.Files = append(d.Files, p)
		}
		slices.SortFunc(d.Files, func(a, b position) int {
			return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Ino, b.Ino), cmp.Compare(a.Dev, b.Dev))
		})
	})
	if err != nil {
		t.say(t.store.path, "positions cannot be written; a restart would read again what was read since", err)
		return
	}
	t.say(t.store.path, "", nil)
	t.dirty = false
}

// forget leaves out positions of files that have not been open for a week, and the oldest where there are too many.
func (t *tailer) forget(now time.Time) {
	var idle []position
	for id, p := range t.known {
		if t.isOpen(id) {
			continue
		}
		if now.Sub(p.Seen) > forgetAfter {
			delete(t.known, id)
			continue
		}
		idle = append(idle, p)
	}
	slices.SortFunc(idle, func(a, b position) int { return a.Seen.Compare(b.Seen) })
	for i := range len(idle) - 4*t.p.cfg.MaxFiles {
		delete(t.known, idle[i].fileID)
	}
}
