package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

const (
	fileName = "spool.db"
	// shrinkAbove is the file size from which an emptied spool gives its disk space back: bbolt files never shrink by themselves.
	shrinkAbove = 8 << 20
)

var bucketName = []byte("entries")

var (
	// ErrLocked says that another process holds the spool.
	ErrLocked = errors.New("another process uses this spool")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("spool is closed")
	// ErrTooLarge is returned for a payload that alone is larger than Config.MaxBytes.
	ErrTooLarge = errors.New("payload is larger than the whole spool may be")
)

// Stats describes what waits in the spool.
type Stats struct {
	Bytes   int64     // payloads with their headers; the file is somewhat larger
	Entries int       // how many
	Samples int       // as given to Append
	Oldest  time.Time // when the oldest was appended; zero when none waits
}

// Spool is a durable queue. Make it with Open.
type Spool struct {
	cfg    Config
	set    Settings
	log    *slog.Logger
	path   string
	filled chan struct{}

	mu      sync.Mutex
	db      *bbolt.DB // nil once closed, and while the file cannot be opened
	closed  bool
	nextSeq uint64
	stats   Stats
	buf     []byte
	drops   map[Reason]int // told to OnDrop once the transaction stands
}

// Open opens or makes the spool in set.Dir. It returns ErrLocked when another process has it, and an error of the file system
// when the folder cannot be written. A damaged file is no error: it is moved to spool.db.corrupt-TIME beside it.
func Open(cfg Config, set Settings) (*Spool, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if set.Logger == nil {
		set.Logger = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(set.Dir, 0o750); err != nil {
		return nil, fmt.Errorf("make spool folder: %w", err)
	}
	s := &Spool{cfg: cfg, set: set, log: set.Logger, path: filepath.Join(set.Dir, fileName), filled: make(chan struct{}, 1), drops: map[Reason]int{}}
	if err := s.ready(); err != nil {
		return nil, fmt.Errorf("open spool %s: %w", s.path, err)
	}
	if s.stats.Entries == 0 {
		s.shrink()
	}
	s.signal()
	return s, nil
}

// Append adds payload at the end and returns when it is kept as Config.Sync promises. Samples is what OnDrop is told if the entry
// has to go. To stay in bounds it drops the oldest entries.
func (s *Spool) Append(payload []byte, samples int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(payload)+headerSize > int(s.cfg.MaxBytes) {
		return ErrTooLarge
	}
	now := time.Now()
	s.buf = encodeEntry(s.buf, now, samples, payload)
	err := s.update(func(b *bbolt.Bucket, st *Stats, seq *uint64) error {
		if err := s.dropOld(b, st, now, int64(len(s.buf))); err != nil {
			return err
		}
		if err := b.Put(seqKey(*seq), s.buf); err != nil {
			return err
		}
		*seq++
		st.Entries++
		st.Samples += samples
		st.Bytes += int64(len(s.buf))
		if st.Entries == 1 {
			st.Oldest = time.UnixMilli(now.UnixMilli())
		}
		return nil
	})
	if cap(s.buf) > 1<<20 {
		s.buf = nil
	}
	if err != nil {
		return fmt.Errorf("append to spool: %w", err)
	}
	s.signal()
	return nil
}

// Peek returns the oldest entry that is neither too old nor damaged, and false when none waits. It stays until it is acknowledged or dropped.
func (s *Spool) Peek() (Entry, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var e Entry
	found, sweep := false, false
	now := time.Now()
	if s.stats.Entries == 0 && s.db != nil { // the usual case of a sender that has caught up
		return e, false, nil
	}
	err := s.view(func(b *bbolt.Bucket) error {
		k, v := b.Cursor().First()
		if k == nil {
			return nil
		}
		if t, _ := entryHead(v); s.expired(t, now) {
			sweep = true
			return nil
		}
		var err error
		if e, err = decodeEntry(binary.BigEndian.Uint64(k), v); err != nil {
			sweep = true
			return nil
		}
		found = true
		return nil
	})
	if err != nil || !sweep {
		return e, found, err
	}
	err = s.update(func(b *bbolt.Bucket, st *Stats, _ *uint64) error {
		if err := s.dropOld(b, st, now, 0); err != nil {
			return err
		}
		c := b.Cursor()
		for k, v := c.First(); k != nil; k, v = c.First() {
			if e, err = decodeEntry(binary.BigEndian.Uint64(k), v); err == nil {
				found = true
				return nil
			}
			_, samples := entryHead(v)
			s.drops[ReasonCorrupt] += samples
			s.log.Error("spool entry is damaged and was dropped", "seq", binary.BigEndian.Uint64(k), "bytes", len(v))
			if err := remove(b, st, k, v); err != nil {
				return err
			}
		}
		return nil
	})
	return e, found && err == nil, err
}

// Ack removes the entry with that sequence number; one that is gone already is no error.
func (s *Spool) Ack(seq uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.update(func(b *bbolt.Bucket, st *Stats, _ *uint64) error {
		k := seqKey(seq)
		v := b.Get(k)
		if v == nil {
			return nil
		}
		return remove(b, st, k, v)
	})
	if err != nil {
		return fmt.Errorf("acknowledge spool entry %d: %w", seq, err)
	}
	if s.stats.Entries == 0 {
		s.shrink()
	}
	return nil
}

// Filled receives a value after an Append, and once after Open. It is meant for one reader, which must then Peek until nothing is left.
func (s *Spool) Filled() <-chan struct{} { return s.filled }

// Stats returns what waits now.
func (s *Spool) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// Close closes the file. Later calls return ErrClosed; a second Close returns nil.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.db == nil {
		return nil
	}
	db := s.db
	s.db = nil
	return db.Close()
}

func (s *Spool) signal() {
	select {
	case s.filled <- struct{}{}:
	default:
	}
}

// expired says whether an entry of time t is out of age. One from the future, which a clock that was set back leaves, is not.
func (s *Spool) expired(t, now time.Time) bool { return now.Sub(t) > s.cfg.MaxAge }

// dropOld removes the oldest entries until none is too old and need more bytes fit.
func (s *Spool) dropOld(b *bbolt.Bucket, st *Stats, now time.Time, need int64) error {
	c := b.Cursor()
	for k, v := c.First(); k != nil; k, v = c.First() {
		t, samples := entryHead(v)
		reason := ReasonAge
		if !s.expired(t, now) {
			if st.Bytes+need <= int64(s.cfg.MaxBytes) {
				return nil
			}
			reason = ReasonBytes
		}
		if err := remove(b, st, k, v); err != nil {
			return err
		}
		s.drops[reason] += samples
	}
	return nil
}

func remove(b *bbolt.Bucket, st *Stats, k, v []byte) error {
	size := int64(len(v))
	_, samples := entryHead(v)
	k = append([]byte(nil), k...) // the cursor's memory must not be used across a delete
	if err := b.Delete(k); err != nil {
		return err
	}
	st.Bytes -= size
	st.Entries--
	st.Samples -= samples
	st.Oldest = time.Time{}
	if next, nv := b.Cursor().First(); next != nil {
		st.Oldest, _ = entryHead(nv)
	}
	return nil
}
