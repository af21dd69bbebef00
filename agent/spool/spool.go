package spool

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

var (
	// ErrLocked says that another process holds the spool.
	ErrLocked = errors.New("another process uses this spool")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("spool is closed")
	// ErrTooLarge is returned for payloads that alone are larger than Config.MaxBytes.
	ErrTooLarge = errors.New("payload is larger than the whole spool may be")
	// ErrFull is returned by AppendIfRoom.
	ErrFull = errors.New("spool is full")
)

// Stats describes what waits in the spool.
type Stats struct {
	Bytes   int64     // payloads with their headers; the files may be larger by one segment
	Entries int       // how many
	Samples int       // as given to Append
	Oldest  time.Time // when the oldest was appended, by the machine's clock; zero when none waits
}

// Payload is one entry to be.
type Payload struct {
	Bytes   []byte
	Samples int // what OnDrop is told if the entry has to go
}

// Spool is a durable queue. Make it with Open.
type Spool struct {
	cfg    Config
	set    Settings
	log    *slog.Logger
	lock   *os.File
	filled chan struct{}
	freed  chan struct{}

	mu     sync.Mutex
	closed bool
	state  state
	file   stateFile
	clock  clock
	bytes  int64 // behind the reading position, in all segments
	oldest time.Time
	buf    []byte
	out    delivery

	segments []segment
	reader   *os.File // of the first segment; nil when it is not open
	at       int64    // the reading position
	writer   *os.File // of the last segment; nil when the next Append begins one
	sayState bool     // a failure to write the state was said
}

// delivery is the entry that Peek gave out last. If it has to go meanwhile, it counts as dropped only once it is known that it was not delivered.
type delivery struct {
	seq     uint64
	reason  Reason // "" as long as it is there
	samples uint64
}

// Open opens or makes the spool in set.Dir. It returns ErrLocked when another process has it, and an error of the file system
// when the folder cannot be written. Damaged files are no error: what is good in them is kept, and the rest is counted when its turn comes.
func Open(cfg Config, set Settings) (*Spool, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if set.Logger == nil {
		set.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Spool{cfg: cfg, set: set, log: set.Logger, filled: make(chan struct{}, 1), freed: make(chan struct{}, 1)}
	if err := s.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("open spool %s: %w", set.Dir, err), s.closeFiles())
	}
	notify(s.filled)
	return s, nil
}

// Append adds payload at the end and returns when it is kept as Config.Sync promises. Samples is what OnDrop is told if the entry
// has to go. To stay in bounds it drops the oldest entries.
func (s *Spool) Append(payload []byte, samples int) error {
	return s.append([]Payload{{payload, samples}}, true)
}

// AppendAll is Append for several payloads, of which all are kept or none.
func (s *Spool) AppendAll(all []Payload) error { return s.append(all, true) }

// AppendIfRoom is AppendAll for those who can wait: it returns ErrFull where it would have to drop entries that are not too old. Freed tells when
// to try again.
func (s *Spool) AppendIfRoom(all []Payload) error { return s.append(all, false) }

func (s *Spool) append(all []Payload, drop bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	need := int64(0)
	for _, p := range all {
		need += headSize + int64(len(p.Bytes))
	}
	if need > int64(s.cfg.MaxBytes) {
		return ErrTooLarge
	}
	if !s.dropOld(need, drop) {
		return ErrFull
	}
	if err := s.openWriter(); err != nil {
		return fmt.Errorf("append to spool: %w", err)
	}
	now, next := time.Now(), s.state
	s.buf = s.buf[:0]
	for _, p := range all {
		s.buf = encodeEntry(s.buf, head{id: next.id, seq: next.next, time: now.UnixMilli(), clock: s.clock.now(), before: next.total, samples: uint32(p.Samples)}, p.Bytes)
		next.next++
		next.total += uint64(p.Samples)
	}
	err := s.write(s.buf)
	if cap(s.buf) > 1<<20 {
		s.buf = nil
	}
	if err != nil {
		return fmt.Errorf("append to spool: %w", err)
	}
	if s.state.head == s.state.next {
		s.oldest = time.UnixMilli(now.UnixMilli())
	}
	s.state.next, s.state.total = next.next, next.total
	s.bytes += need
	s.writeState()
	notify(s.filled)
	return nil
}

// Peek returns the oldest entry that is neither too old nor damaged, and false when none waits. It stays until it is acknowledged or dropped.
func (s *Spool) Peek() (Entry, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return Entry{}, false, ErrClosed
	}
	s.settle()
	s.dropOld(0, true)
	h, payload, ok := s.first(true)
	if !ok {
		return Entry{}, false, nil
	}
	s.out = delivery{seq: h.seq}
	return Entry{
		Seq: h.seq, Name: fmt.Sprintf("%016x-%d", h.id, h.seq), Time: time.UnixMilli(h.time), Samples: int(h.samples), Payload: payload,
	}, true, nil
}

// Ack removes the entry with that sequence number and all before it; what is gone already is no error.
func (s *Spool) Ack(seq uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if s.out.seq <= seq {
		s.out = delivery{}
	}
	for s.state.head <= seq && s.state.head < s.state.next {
		h, _, ok := s.first(false)
		if !ok || h.seq > seq {
			break
		}
		s.pass(h)
	}
	return nil
}

// Filled receives a value after an Append, and once after Open. It is meant for one reader, which must then Peek until nothing is left.
func (s *Spool) Filled() <-chan struct{} { return s.filled }

// Freed receives a value after entries left. It is meant for one reader.
func (s *Spool) Freed() <-chan struct{} { return s.freed }

// Stats returns what waits now.
func (s *Spool) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := Stats{Entries: int(s.state.next - s.state.head), Samples: int(s.state.total - s.state.gone)}
	if st.Entries == 0 {
		return Stats{}
	}
	if s.oldest.IsZero() && !s.closed {
		s.first(false)
	}
	st.Bytes, st.Oldest = s.bytes, s.oldest
	return st
}

// Close closes the files. Later calls return ErrClosed; a second Close returns nil.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.settle()
	s.writeState() // the clock; without it entries are younger than they are
	return s.closeFiles()
}

func (s *Spool) closeFiles() error {
	var errs []error
	for _, f := range []*os.File{s.reader, s.writer, s.file.f, s.lock} { // the lock goes last
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	s.reader, s.writer, s.file.f, s.lock = nil, nil, nil, nil
	return errors.Join(errs...)
}

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// writeState keeps the cursor. Where that fails, such as on a full disk, entries that are acknowledged now may be sent again after a restart.
func (s *Spool) writeState() {
	s.state.clock = s.clock.now()
	err := s.file.write(&s.state)
	if err != nil && !s.sayState {
		s.log.Warn("spool cannot keep its cursor; after a restart some entries may be sent again", "err", err)
	}
	s.sayState = err != nil
}

// expired says whether an entry has waited for too long, by the spool's clock.
func (s *Spool) expired(h head) bool { return s.clock.now()-h.clock > s.cfg.MaxAge.Milliseconds() }

// dropOld removes the oldest entries until none is too old and need more bytes fit. Without drop it returns false instead of dropping for room.
func (s *Spool) dropOld(need int64, drop bool) bool {
	for s.state.head < s.state.next {
		h, _, ok := s.first(false)
		if !ok {
			break
		}
		reason := ReasonAge
		if !s.expired(h) {
			if s.bytes+need <= int64(s.cfg.MaxBytes) {
				return true
			}
			if !drop {
				return false
			}
			reason = ReasonBytes
		}
		if h.seq == s.out.seq {
			s.out.reason, s.out.samples = reason, uint64(h.samples)
		} else {
			s.dropped(reason, uint64(h.samples))
		}
		s.pass(h)
	}
	return true
}

// settle counts the entry that was given out if it is gone, as it was not acknowledged.
func (s *Spool) settle() {
	if s.out.reason != "" {
		s.dropped(s.out.reason, s.out.samples)
	}
	s.out = delivery{}
}

func (s *Spool) dropped(reason Reason, samples uint64) {
	if s.set.OnDrop != nil && samples > 0 {
		s.set.OnDrop(reason, int(samples))
	}
}

// first finds the oldest good entry and puts the reading position there. The samples of damaged ones before it are counted: it knows how many came
// before it.
func (s *Spool) first(whole bool) (h head, payload []byte, ok bool) {
	for s.state.head < s.state.next {
		if len(s.segments) == 0 {
			s.lose(s.state.next, s.state.total, 0)
			break
		}
		seg := s.segments[0]
		if s.reader == nil {
			var err error
			if s.reader, err = os.Open(seg.path); err != nil {
				s.log.Error("spool segment cannot be read and is given up", "segment", seg.path, "err", err)
				s.removeSegment()
				continue
			}
		}
		h, payload, at, skipped := nextEntry(s.reader, s.at, seg.size, s.state.id, s.state.head, whole)
		found := at < seg.size
		if found {
			s.lose(h.seq, h.before, skipped)
		}
		s.bytes -= at - s.at
		s.at = at
		if found {
			s.oldest = time.UnixMilli(h.time)
			return h, payload, true
		}
		if len(s.segments) > 1 {
			s.removeSegment()
			continue
		}
		s.lose(s.state.next, s.state.total, skipped)
	}
	return head{}, nil, false
}

// lose takes the cursor to where good entries go on, and counts the samples of those that are missing before it.
func (s *Spool) lose(head, gone uint64, bytes int64) {
	if gone > s.state.gone {
		s.log.Error("spool entries are damaged and lost", "entries", head-s.state.head, "samples", gone-s.state.gone, "damaged_bytes", bytes)
		s.dropped(ReasonCorrupt, gone-s.state.gone)
	}
	if gone > s.state.gone || head > s.state.head {
		s.state.head, s.state.gone = head, max(s.state.gone, gone)
		s.writeState()
		notify(s.freed)
	}
}

// pass takes the cursor behind the entry at the reading position.
func (s *Spool) pass(h head) {
	s.at += h.whole()
	s.bytes -= h.whole()
	s.state.head, s.state.gone = h.seq+1, max(s.state.gone, h.end())
	s.oldest = time.Time{}
	if size := s.segments[0].size; s.at >= size && (len(s.segments) > 1 || size >= s.segmentSize()) {
		s.removeSegment()
	}
	s.writeState()
	notify(s.freed)
}
