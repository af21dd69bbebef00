package logs

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/endscope/endscope/internal/logrows"
)

// table is what the store knows of one table while it runs.
type table struct {
	schema    *Schema
	columns   []physical
	retention TableConfig

	partitions map[int64]*partition // by day; guarded by the store's mu
	horizon    int64                // the newest day that retention has deleted, 0 for none; guarded by the store's mu
}

func newTable(schema *Schema, cfg Config) *table {
	return &table{schema: schema, columns: schema.physicalColumns(), retention: cfg.table(schema.Name), partitions: map[int64]*partition{}}
}

// partition is the file that holds the rows of one table and one day (UTC).
type partition struct {
	table      *table
	day        int64 // days since 0001-01-01
	generation int   // how often the day's file was written anew
	path       string
	alias      string // name under which the session has it attached

	layout []int // the table's columns in the order in which the file has them

	writing sync.Mutex                         // held by whoever changes the file or needs it unchanged; see lock
	resting atomic.Pointer[context.CancelFunc] // ends what is done to the file while it is at rest, nil when nothing is
	journal string                             // the journal whose records up to applied are in the file; guarded by writing
	applied uint64                             // guarded by writing
	unsure  bool                               // a transaction failed, so journal and applied have to be read from the file; guarded by writing
	packed  int64                              // rows that the file had when it was written anew; guarded by writing
	touched time.Time                          // last change by this process; guarded by writing
	rested  bool                               // it is in its final form as long as it does not change; guarded by writing
	retired bool                               // another file took its place, or retention deleted it; guarded by writing

	users int // queries that read it; guarded by the store's mu
}

const dayForm = "2006-01-02"

func dayOf(ticks int64) int64 { return ticks / logrows.TicksPerDay }

// dayText returns a day as file names and messages spell it.
func dayText(day int64) string {
	return time.Unix((day*logrows.TicksPerDay-logrows.UnixEpoch)/logrows.TicksPerSecond, 0).UTC().Format(dayForm)
}

func parseDay(text string) (int64, bool) {
	at, err := time.Parse(dayForm, text)
	if err != nil {
		return 0, false
	}
	return dayOf(ticksOf(at)), true
}

// ticksOf returns a time in ticks.
func ticksOf(t time.Time) int64 {
	return t.Unix()*logrows.TicksPerSecond + int64(t.Nanosecond()/100) + logrows.UnixEpoch
}

const (
	fileSuffix       = ".duckdb"
	unfinishedSuffix = ".unfinished" // behind fileSuffix, while a file is written anew
)

// newPartition returns the partition of a day whose file has the generation. The first is `2026-01-31.duckdb`, the next `2026-01-31.1.duckdb`.
func (s *Store) newPartition(t *table, day int64, generation int) *partition {
	name := dayText(day)
	if generation > 0 {
		name += "." + strconv.Itoa(generation)
	}
	return &partition{table: t, day: day, generation: generation, path: filepath.Join(s.dir, t.schema.Name, name+fileSuffix)}
}

// partitionFiles lists the files of a table by day, ascending, and those of one day with the newest generation first. What was being written
// when the process died is deleted.
func (s *Store) partitionFiles(t *table) ([][]*partition, error) {
	dir := filepath.Join(s.dir, t.schema.Name)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []*partition
	for _, e := range entries {
		if strings.Contains(e.Name(), unfinishedSuffix) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return nil, err
			}
			continue
		}
		name, ok := strings.CutSuffix(e.Name(), fileSuffix)
		if !ok {
			continue
		}
		date, generation, _ := strings.Cut(name, ".")
		n := 0
		if generation != "" {
			n, err = strconv.Atoi(generation)
		}
		if day, ok := parseDay(date); ok && err == nil {
			all = append(all, s.newPartition(t, day, n))
		}
	}
	slices.SortFunc(all, func(a, b *partition) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(b.generation, a.generation))
	})
	var days [][]*partition
	for _, p := range all {
		if n := len(days); n > 0 && days[n-1][0].day == p.day {
			days[n-1] = append(days[n-1], p)
			continue
		}
		days = append(days, []*partition{p})
	}
	return days, nil
}

// remove deletes the partition's files.
func (p *partition) remove() error {
	err := os.Remove(p.path)
	if walErr := os.Remove(p.path + ".wal"); !errors.Is(walErr, os.ErrNotExist) {
		err = errors.Join(err, walErr)
	}
	return errors.Join(err, syncDir(p.path))
}

// lock takes p.writing for new rows, which do not wait until the file has been written anew.
func (p *partition) lock() {
	if p.writing.TryLock() {
		return
	}
	if end := p.resting.Load(); end != nil {
		(*end)()
	}
	p.writing.Lock()
}

// size returns the bytes of the partition's files.
func (p *partition) size() int64 {
	var n int64
	for _, path := range []string{p.path, p.path + ".wal"} {
		if info, err := os.Stat(path); err == nil {
			n += info.Size()
		}
	}
	return n
}
