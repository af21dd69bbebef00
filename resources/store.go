package resources

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/endscope/endscope/internal/sqlite"
)

// FileName is the database's file in the data directory.
const FileName = "resources.db"

// Settings is what code passes to Open.
type Settings struct {
	DataDir    string
	Kinds      []Kind
	Registerer prometheus.Registerer // nil for none
	Logger     *slog.Logger          // nil discards
	Now        func() time.Time      // nil takes time.Now
	// Fit looks at every change before it is committed, with what would be stored then, and refuses by an error what does not fit together.
	// It is called by one writer at a time, so that nothing changes in between. Nil refuses nothing.
	Fit func(context.Context, *Pending) error
}

// Store keeps resources. Make it with Open and Close it in the end.
type Store struct {
	cfg     Config
	path    string
	db      *sql.DB
	kinds   map[string]*Kind
	log     *slog.Logger
	now     func() time.Time
	metrics *metrics
	fit     func(context.Context, *Pending) error
	key     []byte        // of entity tags
	writing chan struct{} // holds one token, which a writer takes
	pruned  time.Time     // when old entries were last removed; only whoever holds the token may touch it

	mu        sync.Mutex
	listeners map[int]*listener
	next      int
}

// Open opens or creates DATA_DIR/resources.db. Errors: those of Config.Validate, *DamagedError, sqlite.ErrNewer, and of the file system.
func Open(ctx context.Context, cfg Config, set Settings) (_ *Store, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Store{
		cfg: cfg, path: filepath.Join(set.DataDir, FileName), kinds: map[string]*Kind{}, log: set.Logger, now: set.Now, fit: set.Fit,
		writing: make(chan struct{}, 1), listeners: map[int]*listener{},
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	for _, k := range set.Kinds {
		if !kindName.MatchString(k.Name) || k.Validate == nil || s.kinds[k.Name] != nil {
			return nil, fmt.Errorf("kind %q: needs a name of its own and a function Validate", k.Name)
		}
		s.kinds[k.Name] = &k
	}
	if s.db, err = sqlite.Open(ctx, s.path, migrations()); err != nil {
		return nil, s.damaged(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.db.Close())
		}
	}()
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	if err := s.db.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'etag_key'").Scan(&s.key); err != nil {
		return nil, s.damaged(fmt.Errorf("read %s: %w", s.path, err))
	}
	s.metrics = newMetrics(slices.Sorted(maps.Keys(s.kinds)))
	if set.Registerer != nil {
		if err := s.metrics.register(set.Registerer, s); err != nil {
			return nil, err
		}
	}
	s.writing <- struct{}{}
	return s, nil
}

// check looks through the whole file, which is small, so that damage is found when the server starts and not at night.
func (s *Store) check(ctx context.Context) error {
	var answer string
	if err := s.db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&answer); err != nil {
		return s.damaged(fmt.Errorf("check %s: %w", s.path, err))
	}
	if answer != "ok" {
		return &DamagedError{Path: s.path, Detail: strings.Join(strings.Fields(answer), " ")}
	}
	return nil
}

// damaged turns what SQLite says of a file that is damaged into a *DamagedError, and of one that cannot be written for now into a
// *sqlite.UnwritableError; it leaves other errors as they are.
func (s *Store) damaged(err error) error {
	text := err.Error()
	for _, sign := range []string{"file is not a database", "malformed"} {
		if strings.Contains(text, sign) {
			return &DamagedError{Path: s.path, Detail: sign}
		}
	}
	return sqlite.Unwritable(err)
}

// Close closes the file. Calls that are in progress are waited for; later ones fail. A second call returns nil.
func (s *Store) Close() error { return s.db.Close() }

// Kinds returns the names of the registered kinds, sorted.
func (s *Store) Kinds() []string { return slices.Sorted(maps.Keys(s.kinds)) }

func (s *Store) kind(name string) (*Kind, error) {
	if k := s.kinds[name]; k != nil {
		return k, nil
	}
	return nil, fmt.Errorf("%w %s: must be one of %s", ErrUnknownKind, shown(name), strings.Join(s.Kinds(), ", "))
}

// resolve returns the kind and the checked identity of a resource.
func (s *Store) resolve(kind, name string) (*Kind, Key, error) {
	k, err := s.kind(kind)
	if err != nil {
		return nil, Key{}, err
	}
	name, err = k.checkName(name)
	if err != nil {
		return nil, Key{}, fmt.Errorf("%s: %w", kind, err)
	}
	return k, Key{Kind: kind, Name: name}, nil
}

// listener is one subscription.
type listener struct {
	kind string
	mu   sync.Mutex // held during a call
	f    func()
	gone bool
}

// Subscribe calls f after each change of resources of the kind, an empty one meaning all: once for a set of documents that are provisioned
// together, after they are durable and before the method that changed them returns. Calls do not overlap. f must not change resources
// and should be quick; who has more to do wakes a goroutine of its own. After cancel returns, f is not called.
func (s *Store) Subscribe(kind string, f func()) (cancel func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.next
	s.next++
	l := &listener{kind: kind, f: f}
	s.listeners[id] = l
	return func() {
		s.mu.Lock()
		delete(s.listeners, id)
		s.mu.Unlock()
		l.mu.Lock()
		defer l.mu.Unlock()
		l.gone = true
	}
}

// notify tells the listeners of the kinds, in the order in which they subscribed.
func (s *Store) notify(kinds map[string]bool) {
	s.mu.Lock()
	var tell []*listener
	for _, id := range slices.SortedFunc(maps.Keys(s.listeners), cmp.Compare[int]) {
		if l := s.listeners[id]; l.kind == "" || kinds[l.kind] {
			tell = append(tell, l)
		}
	}
	s.mu.Unlock()
	for _, l := range tell {
		l.call()
	}
}

func (l *listener) call() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.gone {
		l.f()
	}
}
