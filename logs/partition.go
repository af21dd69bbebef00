package logs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/endscope/endscope/internal/logrows"
	"github.com/endscope/endscope/logs/internal/duck"
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

// attach attaches the partition's file, makes it when there is none, and learns what is in it. Files of an older server get the columns
// that they lack.
func (sess *session) attach(p *partition) error {
	ctx := context.Background()
	sess.adminMu.Lock()
	defer sess.adminMu.Unlock()
	sess.aliases++
	p.alias = fmt.Sprintf("p%d", sess.aliases)
	path, err := filepath.Abs(p.path)
	if err != nil {
		return err
	}
	fresh := false
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		fresh = true
		// What is left of a file that was deleted or moved away is not of this one.
		if err := os.Remove(path + ".wal"); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := sess.admin.Exec(ctx, attachStatement(p.table.schema, path, p.alias, fresh)); err != nil {
		return err
	}
	if err := sess.prepare(ctx, p); err != nil {
		return errors.Join(err, sess.admin.Exec(ctx, "DETACH "+p.alias))
	}
	return nil
}

// attachStatement returns the statement that attaches a file under a name.
func attachStatement(schema *Schema, path, alias string, fresh bool) string {
	options := fmt.Sprintf("STORAGE_VERSION '%s'", storageVersion)
	if fresh {
		options += fmt.Sprintf(", BLOCK_SIZE %d", schema.block)
	}
	return fmt.Sprintf("ATTACH %s AS %s (%s)", quoteText(path), alias, options)
}

// storageVersion is the oldest version of DuckDB that can read the files. Newer ones compress texts much better than the default does.
const storageVersion = "v1.4.0"

// prepare makes the tables of an attached file where they are missing, and reads how far the journal is in it.
func (sess *session) prepare(ctx context.Context, p *partition) error {
	n, err := sess.admin.Int(ctx, "SELECT count(*) FROM duckdb_tables() WHERE database_name = $1 AND table_name IN ('rows', 'applied')", p.alias)
	if err != nil {
		return err
	}
	if n < 2 {
		// Made in one transaction, so a file has both or none.
		err := transaction(ctx, sess.admin,
			p.table.schema.createStatement(p.alias),
			fmt.Sprintf("CREATE TABLE %s.applied (journal VARCHAR, through BIGINT, packed BIGINT)", p.alias),
			fmt.Sprintf("INSERT INTO %s.applied VALUES ('', 0, 0)", p.alias))
		if err != nil {
			return err
		}
	}
	if err := sess.match(ctx, p); err != nil {
		return err
	}
	return p.readApplied(ctx, sess.admin)
}

// readApplied learns how far the journal is in the file.
func (p *partition) readApplied(ctx context.Context, c *duck.Conn) error {
	rows, err := c.Query(ctx, fmt.Sprintf("SELECT journal, through, packed FROM %s.applied", p.alias))
	if err != nil {
		return err
	}
	defer rows.Close()
	batch, err := rows.Next(ctx)
	if err != nil {
		return err
	}
	p.journal, p.applied, p.packed = batch[0][0].(string), uint64(batch[0][1].(int64)), batch[0][2].(int64)
	p.unsure = false
	return nil
}

// transaction runs statements of which either all take effect or none.
func transaction(ctx context.Context, c *duck.Conn, statements ...string) error {
	for _, text := range slices.Concat([]string{"BEGIN"}, statements, []string{"COMMIT"}) {
		if err := c.Exec(ctx, text); err != nil {
			_ = c.Exec(context.WithoutCancel(ctx), "ROLLBACK") // fails where DuckDB has rolled back itself
			return err
		}
	}
	return nil
}

// errNewer says that a newer server made a file.
var errNewer = errors.New("a newer server wrote it")

// match adds the columns that the table has got since the file was made, and learns the order of the file's columns.
func (sess *session) match(ctx context.Context, p *partition) error {
	names, err := sess.columnsOf(ctx, p)
	if err != nil {
		return err
	}
	p.layout = nil
	for _, name := range names {
		i := slices.IndexFunc(p.table.columns, func(c physical) bool { return c.name == name })
		if i < 0 {
			return fmt.Errorf("%s has a column %q: %w", p.path, name, errNewer)
		}
		p.layout = append(p.layout, i)
	}
	for i, c := range p.table.columns {
		if slices.Contains(p.layout, i) {
			continue
		}
		if err := sess.admin.Exec(ctx, fmt.Sprintf("ALTER TABLE %s.rows ADD COLUMN %s", p.alias, c.declaration())); err != nil {
			return err
		}
		p.layout = append(p.layout, i)
	}
	return nil
}

func (sess *session) columnsOf(ctx context.Context, p *partition) ([]string, error) {
	rows, err := sess.admin.Query(ctx, "SELECT column_name FROM duckdb_columns() WHERE database_name = $1 AND table_name = 'rows' ORDER BY column_index", p.alias)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for {
		batch, err := rows.Next(ctx)
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return nil, err
		}
		for _, row := range batch {
			names = append(names, row[0].(string))
		}
	}
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
