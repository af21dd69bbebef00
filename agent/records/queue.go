package records

import "sync"

// queue holds rows between those who record them and the one that writes them, bounded by rows and by memory. A row that finds no room is not
// taken. offer is safe for concurrent use; the other methods are the writer's.
type queue[T any] struct {
	maxRows  int
	maxBytes int64
	size     func(*T) int64
	full     int           // rows from which it is time to write
	wake     chan struct{} // receives when the first row comes
	pressing chan struct{} // receives when it is time to write

	mu     sync.Mutex
	back   []T // new ones go here
	rows   int // in front and back
	bytes  int64
	closed bool

	front []T // the writer's
	at    int // of the next one in front
}

func newQueue[T any](maxRows int, maxBytes int64, full int, size func(*T) int64) *queue[T] {
	return &queue[T]{maxRows: maxRows, maxBytes: maxBytes, size: size, full: min(full, max(maxRows/2, 1)), wake: make(chan struct{}, 1), pressing: make(chan struct{}, 1)}
}

// offer takes row, whose size in memory the caller knows, if there is room, and otherwise says why not.
func (q *queue[T]) offer(row *T, size int64) (reason string, taken bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return ReasonClosed, false
	case q.rows >= q.maxRows || q.bytes+size > q.maxBytes && q.rows > 0:
		return ReasonQueueFull, false
	}
	q.back = append(q.back, *row)
	q.rows++
	q.bytes += size
	if q.rows == 1 {
		notify(q.wake)
	}
	if q.rows == q.full || q.bytes > q.maxBytes/2 {
		notify(q.pressing)
	}
	return "", true
}

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// next returns at most n of the oldest rows. They stay in the queue, and count, until done.
func (q *queue[T]) next(n int) []T {
	if q.at == len(q.front) {
		clear(q.front)
		q.mu.Lock()
		const keep = 4096 // rows whose memory is used again; a burst's is given back
		spare := q.front[:0]
		if cap(spare) > keep {
			spare = nil
		}
		q.front, q.back, q.at = q.back, spare, 0
		q.mu.Unlock()
	}
	return q.front[q.at:min(q.at+n, len(q.front))]
}

// done forgets the n oldest rows.
func (q *queue[T]) done(n int) {
	bytes := int64(0)
	for i := range q.front[q.at : q.at+n] {
		bytes += q.size(&q.front[q.at+i])
	}
	clear(q.front[q.at : q.at+n])
	q.at += n
	q.mu.Lock()
	defer q.mu.Unlock()
	q.rows -= n
	q.bytes -= bytes
}

// waiting returns how many rows wait, and their size in memory.
func (q *queue[T]) waiting() (rows int, bytes int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.rows, q.bytes
}

// close makes offer take nothing more.
func (q *queue[T]) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
}
