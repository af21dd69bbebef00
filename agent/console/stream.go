package console

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	batchBytes = 64 << 10 // of lines that go to the other goroutine together
	batchLines = 2048
	backlog    = 24 // batches that may wait: 1.5 MiB of lines
	noteEvery  = 5 * time.Second
	lastNote   = 2 * time.Second // how long a Stream that is closed waits for room for its last note
)

// Stream is a way in for what a running process prints. Write never waits: bytes are cut into lines at once, and another goroutine makes rows of
// them. Lines above the limits are dropped, counted, and told of in a row. A Stream must be closed. Make it with Pipeline.Stream.
type Stream struct {
	p     *Pipeline
	name  string
	lane  *lane // of the goroutine that makes rows
	queue chan *batch
	free  chan *batch
	stop  chan struct{} // closed by Close
	done  chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	closed  bool
	split   splitter
	now     time.Time // of the Write in hand
	fed     time.Time // when the last bytes came
	limit   *rate.Limiter
	batch   *batch // being filled; nil when empty
	dropped map[string]*drop
	counts  map[string]int // of the Write in hand
	lines   int            // of the Write in hand
}

// batch is lines on their way from Write to the goroutine that makes rows.
type batch struct {
	bytes []byte
	lines []batchLine
}

type batchLine struct {
	at      time.Time
	end     int // in bytes; the line begins where the one before ends
	cut     int
	partial bool // a state of a line that goes on: only Settings.Line is told
}

// Stream returns a way in. Name is the column Stream of its rows: stdout or stderr.
func (p *Pipeline) Stream(name string) *Stream {
	s := &Stream{
		p: p, name: name, queue: make(chan *batch, backlog), free: make(chan *batch, backlog), stop: make(chan struct{}), done: make(chan struct{}),
		fed: time.Now(), dropped: map[string]*drop{}, counts: map[string]int{},
	}
	container := p.cfg.Container
	if container == ContainerAuto {
		container = DefaultContainer
	}
	s.lane = p.newLane(name, name, container, s.record)
	s.split = splitter{max: int(p.cfg.MaxLine) + slack, bars: true, emit: s.accept, first: s.begun}
	if p.cfg.RateLimit > 0 {
		s.limit = rate.NewLimiter(rate.Limit(p.cfg.RateLimit), int(p.cfg.RateBurst)+slack)
	}
	go s.run()
	return s
}

// Write takes what the process printed. It keeps nothing of p, and never returns an error: after Close it drops.
func (s *Stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return len(p), nil
	}
	s.now = time.Now()
	s.fed = s.now
	s.split.feed(p)
	s.send(false)
	s.account(len(p))
	return len(p), nil
}

// account counts what one call has done. The caller holds mu.
func (s *Stream) account(bytes int) {
	s.p.metrics.bytes.WithLabelValues(sourceExec).Add(float64(bytes))
	if s.lines > 0 {
		s.p.metrics.lines.WithLabelValues(sourceExec).Add(float64(s.lines))
		s.lines = 0
	}
	for reason, n := range s.counts {
		if s.p.set.Dropped != nil {
			s.p.set.Dropped(reason, n)
		}
		delete(s.counts, reason)
	}
}

// accept takes a whole line from the splitter. The caller holds mu.
func (s *Stream) accept(l rawLine) {
	s.lines++
	if s.limit != nil && !s.limit.AllowN(s.now, len(l.text)+1) {
		s.drop(ReasonRateLimit, 1, int64(len(l.text)+l.cut+1), s.now, s.now)
		return
	}
	s.put(l.text, l.cut, false)
}

// begun takes the first state of a progress bar. The caller holds mu.
func (s *Stream) begun(text []byte) {
	if s.p.set.Line != nil && (s.limit == nil || s.limit.AllowN(s.now, len(text))) {
		s.put(text, 0, true)
	}
}

func (s *Stream) put(text []byte, cut int, partial bool) {
	if s.batch != nil && (len(s.batch.bytes)+len(text) > batchBytes || len(s.batch.lines) == batchLines) {
		s.send(true)
	}
	if s.batch == nil {
		select {
		case s.batch = <-s.free:
		default:
			s.batch = &batch{}
		}
	}
	b := s.batch
	b.bytes = append(b.bytes, text...)
	b.lines = append(b.lines, batchLine{at: s.now, end: len(b.bytes), cut: cut, partial: partial})
}

// send hands the batch over. Where too many wait it is kept to be filled, or, if it is full, its lines are dropped. The caller holds mu.
func (s *Stream) send(full bool) {
	b := s.batch
	if b == nil {
		return
	}
	select {
	case s.queue <- b:
		s.batch = nil
		return
	default:
		if !full {
			return
		}
	}
	s.batch = nil
	n := 0
	for _, l := range b.lines {
		if !l.partial {
			n++
		}
	}
	if n > 0 {
		s.drop(ReasonBacklog, n, int64(len(b.bytes)+n), b.lines[0].at, b.lines[len(b.lines)-1].at)
	}
	s.recycle(b)
}

func (s *Stream) recycle(b *batch) {
	if cap(b.bytes) > 2*batchBytes+slack {
		return
	}
	b.bytes, b.lines = b.bytes[:0], b.lines[:0]
	select {
	case s.free <- b:
	default:
	}
}

// Close makes rows of what has come, and returns when they are recorded. A second call does nothing.
func (s *Stream) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		<-s.done
		return nil
	}
	s.closed = true
	s.now = time.Now()
	s.split.flush()
	last := s.batch
	s.batch = nil
	s.account(0)
	s.mu.Unlock()
	if last != nil {
		s.queue <- last // the goroutine empties the queue until stop is closed
	}
	close(s.stop)
	<-s.done
	return nil
}

// run makes rows. It ends with Close.
func (s *Stream) run() {
	defer close(s.done)
	tick := time.NewTicker(max(min(s.p.cfg.Multiline.Wait, s.p.cfg.PartialWait, time.Second)/2, 5*time.Millisecond))
	defer tick.Stop()
	noted := time.Now()
	for {
		select {
		case b := <-s.queue:
			s.take(b)
			if len(s.queue) == 0 {
				s.takeRest()
			}
		case <-tick.C:
			now := time.Now() // the tick may be older than the last bytes
			s.takeRest()
			s.flushPartial(now)
			s.lane.expire(now)
			if now.Sub(noted) >= noteEvery {
				noted = now
				s.note(now)
			}
		case <-s.stop:
			for {
				select {
				case b := <-s.queue:
					s.take(b)
					continue
				default:
				}
				break
			}
			s.lane.flush(time.Now())
			for end := time.Now().Add(lastNote); !s.note(time.Now()) && time.Now().Before(end); {
				time.Sleep(lastNote / 40)
			}
			return
		}
	}
}

func (s *Stream) take(b *batch) {
	from, now := 0, time.Now() // a batch that has waited must not make its rows look complete
	for _, l := range b.lines {
		text := b.bytes[from:l.end]
		from = l.end
		if l.partial {
			state, _ := s.p.redact.Line(string(clean(text, nil)))
			s.p.set.Line(l.at, s.name, state)
			continue
		}
		s.lane.line(l.at, now, text, l.cut, 0)
	}
	s.recycle(b)
}

// takeRest takes the batch that found no place when it was filled.
func (s *Stream) takeRest() {
	s.mu.Lock()
	if len(s.queue) > 0 || s.closed {
		s.mu.Unlock()
		return // others come before it
	}
	b := s.batch
	s.batch = nil
	s.mu.Unlock()
	if b != nil {
		s.take(b)
	}
}

// flushPartial makes a line of what stands without an end for long, such as a prompt or the last words of a process that hangs.
func (s *Stream) flushPartial(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.split.pending() || s.closed || now.Sub(s.fed) < s.p.cfg.PartialWait {
		return
	}
	s.now = now
	s.split.flush()
	s.send(false)
	s.account(0)
}
